package Shop::Locale;
use POSIX qw(setlocale strftime localeconv LC_ALL LC_TIME);

sub text {
    setlocale( LC_ALL, 'de_DE.UTF-8' ) or die 'no such locale';
    my $day   = strftime( '%A', 0, 0, 12, 1, 6, 124 );
    my $point = localeconv()->{decimal_point};
    setlocale( LC_ALL, 'C' );
    return "$day $point\n";
}
1;
