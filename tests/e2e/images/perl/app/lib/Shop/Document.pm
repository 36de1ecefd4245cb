package Shop::Document;
use XML::LibXML;

sub text {
    my $document = XML::LibXML->load_xml( string => '<shop><item>kettle</item></shop>' );
    return $document->findvalue('/shop/item') . "\n";
}
1;
