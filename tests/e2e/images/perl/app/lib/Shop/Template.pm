package Shop::Template;
use Template;

sub text {
    my $engine = Template->new( INCLUDE_PATH => '/app/templates' );
    my $text   = '';
    $engine->process( 'list.tt', { products => [ 'copper kettle', 'wool blanket' ] }, \$text ) or die $engine->error;
    return $text;
}
1;
