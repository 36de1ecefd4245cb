import io

import pandas
from lxml import etree

PAGE = "<table><tr><th>item</th></tr><tr><td>kettle</td></tr></table>"
SHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><out><xsl:value-of select="//td"/></out></xsl:template></xsl:stylesheet>"""


def main() -> str:
    found = pandas.read_html(io.StringIO(PAGE))[0]["item"][0]
    turned = etree.XSLT(etree.XML(SHEET))(etree.XML(PAGE)).getroot().text
    return f"{found} {turned}"
