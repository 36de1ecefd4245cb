package Shop::Database;
use DBI;

sub text {
    my $database = DBI->connect( 'dbi:SQLite:dbname=:memory:', '', '', { RaiseError => 1 } );
    return $database->selectrow_array("select upper('kettle')") . "\n";
}
1;
