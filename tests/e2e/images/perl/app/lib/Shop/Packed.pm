package Shop::Packed;
use JSON::XS;
use MIME::Base64;
use Compress::Zlib;

sub text {
    return JSON::XS->new->canonical->encode( { kettle => encode_base64( Compress::Zlib::memGzip('copper'), '' ) } ) . "\n";
}
1;
