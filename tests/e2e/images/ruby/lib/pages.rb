# Each page requires what it needs when it is asked for.
module Pages
  def self.secret
    require "openssl"
    OpenSSL::Digest::SHA256.hexdigest("kettle")[0, 16] + "\n"
  end

  def self.packed
    require "zlib"
    require "json"
    require "base64"
    JSON.generate(kettle: Base64.strict_encode64(Zlib::Deflate.deflate("copper"))) + "\n"
  end

  def self.tables
    require "csv"
    require "yaml"
    rows = CSV.parse("name,price\nkettle,30\n", headers: true)
    YAML.dump(rows.map(&:to_h))
  end

  def self.charsets
    "\u30b7".encode("Shift_JIS").unpack1("H*") + " " + "\u00e9".encode("IBM037").unpack1("H*") + "\n"
  end

  def self.zone
    require "tzinfo"
    moment = TZInfo::Timezone.get("Australia/Adelaide").to_local(Time.utc(2024, 7, 1, 12))
    moment.strftime("%H:%M %z\n")
  end

  def self.document
    require "nokogiri"
    Nokogiri::HTML("<p>copper <b>kettle</b>").css("b").text + "\n"
  end

  def self.database
    require "sqlite3"
    SQLite3::Database.new(":memory:").get_first_value("select upper('kettle')") + "\n"
  end

  def self.money
    require "bigdecimal"
    (BigDecimal("0.1") + BigDecimal("0.2")).to_s("F") + "\n"
  end

  def self.broken
    raise "out of kettles"
  end
end
Shop::Pages = Pages
