use strict;
use warnings;
use Plack::Builder;

my %pages = map { $_ => 1 } qw(Packed Template Database Document Charset Dates Locale Digest);

sub page {
    my ($name) = @_;
    require "Shop/$name.pm";
    return "Shop::$name"->can('text')->();
}

builder {
    enable 'ConditionalGET';
    enable 'ErrorDocument', 404 => '/app/templates/404.txt';
    enable 'Static', path => qr{^/static/}, root => '/app';
    sub {
        my ($env) = @_;
        my $path = $env->{PATH_INFO};
        return [ 200, [ 'Content-Type' => 'text/plain' ], ["perl: hello from the shop\n"] ] if $path eq '/';
        my ($name) = $path =~ m{^/page/(\w+)$};
        return [ 404, [ 'Content-Type' => 'text/plain' ], [''] ] unless $name && $pages{$name};
        return [ 200, [ 'Content-Type' => 'text/plain' ], [ page($name) ] ];
    };
};
