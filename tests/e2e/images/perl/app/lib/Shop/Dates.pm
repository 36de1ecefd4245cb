package Shop::Dates;
use DateTime;

sub text {
    my $moment = DateTime->new( year => 2024, month => 7, day => 1, hour => 12, time_zone => 'UTC', locale => 'fr' );
    $moment->set_time_zone('Asia/Kathmandu');
    return $moment->strftime('%H:%M') . ' ' . ( $moment->day_name eq 'lundi' ? 'lundi' : $moment->day_name ) . "\n";
}
1;
