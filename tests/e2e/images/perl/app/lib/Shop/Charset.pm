package Shop::Charset;
use Encode;
use Unicode::Normalize;
use charnames ();

sub text {
    my $kana = charnames::string_vianame('KATAKANA LETTER SI');
    return join( ' ',
        unpack( 'H*', encode( 'shiftjis', $kana ) ),
        unpack( 'H*', encode( 'big5',     "\x{4e2d}" ) ),
        unpack( 'H*', encode( 'koi8-r',   "\x{0436}" ) ),
        length( NFD("\x{e9}") ) )
      . "\n";
}
1;
