package Shop::Digest;
use Digest::SHA qw(sha256_hex);
use Storable qw(freeze thaw);
use Time::HiRes;
use List::Util qw(sum);

sub text {
    my $copy = thaw( freeze( [ 1, 2, 3 ] ) );
    return substr( sha256_hex('kettle'), 0, 8 ) . ' ' . sum(@$copy) . "\n";
}
1;
