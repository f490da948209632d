"""What python-pptx cannot say: a few pieces of the slides' own XML."""

from typing import Any

from pptx.oxml import parse_xml
from pptx.util import Inches

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
LEFT, INNER = Inches(0.9), Inches(11.5)
"""Where the text of a slide begins, and how wide it is."""
_NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"


def plain_style(frame: Any) -> None:
    """A table without the template's colours, with a line under its head."""
    properties = frame._element.graphic.graphicData.tbl.tblPr
    properties.find(f"{{{_A}}}tableStyleId").text = _NO_STYLE
    for cell in frame.table.rows[0].cells:
        line = (
            f'<a:lnB xmlns:a="{_A}" w="12700"><a:solidFill><a:srgbClr val="1B2426"/>'
            "</a:solidFill></a:lnB>"
        )
        cell._tc.get_or_add_tcPr().append(parse_xml(line))


def rule() -> Any:
    """The heavy line above the title."""
    return parse_xml(
        f'<p:cxnSp xmlns:p="{_P}" xmlns:a="{_A}"><p:nvCxnSpPr><p:cNvPr id="90" name="Rule"/>'
        "<p:cNvCxnSpPr/><p:nvPr userDrawn='1'/></p:nvCxnSpPr><p:spPr><a:xfrm>"
        f'<a:off x="{LEFT}" y="{Inches(0.45)}"/><a:ext cx="{INNER}" cy="0"/></a:xfrm>'
        '<a:prstGeom prst="line"><a:avLst/></a:prstGeom><a:ln w="25400"><a:solidFill>'
        '<a:srgbClr val="1B2426"/></a:solidFill></a:ln></p:spPr></p:cxnSp>'
    )


def foot(text: str, font: str) -> Any:
    """Course, week and the slide's number, small, at the bottom."""
    look = 'lang="en" sz="1200"><a:solidFill><a:srgbClr val="536064"/></a:solidFill>'
    face = f'<a:latin typeface="{font}"/></a:rPr>'
    return parse_xml(
        f'<p:sp xmlns:p="{_P}" xmlns:a="{_A}"><p:nvSpPr><p:cNvPr id="91" name="Foot"/>'
        "<p:cNvSpPr txBox='1'/><p:nvPr userDrawn='1'/></p:nvSpPr><p:spPr><a:xfrm>"
        f'<a:off x="{LEFT}" y="{Inches(7.02)}"/><a:ext cx="{INNER}" cy="{Inches(0.35)}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody>'
        '<a:bodyPr lIns="0" rIns="0"/><a:p><a:pPr><a:tabLst>'
        f'<a:tab pos="{INNER}" algn="r"/></a:tabLst></a:pPr>'
        f"<a:r><a:rPr {look}{face}<a:t>{text}\t</a:t></a:r>"
        f'<a:fld id="{{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}}" type="slidenum"><a:rPr {look}{face}'
        "<a:t>1</a:t></a:fld></a:p></p:txBody></p:sp>"
    )


def bullet(paragraph: Any, has_bullet: bool) -> None:
    """Give a paragraph a bullet and the indent for it, or neither."""
    properties = paragraph._p.get_or_add_pPr()
    indent = 285750 if has_bullet else 0
    properties.set("marL", str(indent))
    properties.set("indent", str(-indent))
    mark = '<a:buChar xmlns:a="{}" char="•"/>' if has_bullet else '<a:buNone xmlns:a="{}"/>'
    properties.append(parse_xml(mark.format(_A)))


def without_style(shape: Any) -> None:
    """Take the template's shadow and colours from a shape."""
    shape._element.remove(shape._element.find(f"{{{_P}}}style"))
