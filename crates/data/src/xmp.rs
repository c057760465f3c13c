//! The one statement of an XMP packet that matters here: the digital source type of the IPTC, by which other tools
//! recognise what was made or edited by a trained model.

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::{LocalName, Namespace, ResolveResult};

use crate::Kind;

/// The IPTC extension schema, in which `DigitalSourceType` is defined.
const NAMESPACE: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

/// The term of the IPTC's `NewsCodes` for a kind of making.
///
/// # Source
/// <https://cv.iptc.org/newscodes/digitalsourcetype/>
fn term(kind: Kind) -> &'static str {
    match kind {
        Kind::Generated => "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        Kind::Edited => "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
    }
}

/// A packet that states the source type and nothing else.
pub(crate) fn packet(kind: Kind) -> String {
    format!(
        "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"{NAMESPACE}\" Iptc4xmpExt:DigitalSourceType=\"{}\"/>\n\
         </rdf:RDF>\n\
         </x:xmpmeta>\n\
         <?xpacket end=\"r\"?>",
        term(kind)
    )
}

/// What a packet states, as an attribute, an element or a resource, under any prefix. `None` if it states another
/// source type, none, or is not XML.
pub(crate) fn source_type(packet: &[u8]) -> Option<Kind> {
    let mut reader = NsReader::from_str(str::from_utf8(packet).ok()?);
    let mut inside = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) | Event::Empty(element) => {
                inside = is_source_type(&reader.resolver().resolve_element(element.name()));
                for attribute in element.attributes().flatten() {
                    let states = is_source_type(&reader.resolver().resolve_attribute(attribute.key))
                        || inside && attribute.key.local_name().as_ref() == "resource";
                    if let Some(kind) = kind_of(&attribute.value).filter(|_| states) {
                        return Some(kind);
                    }
                }
            }
            Event::Text(text) if inside => {
                if let Some(kind) = kind_of(&text) {
                    return Some(kind);
                }
            }
            Event::End(_) => inside = false,
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn is_source_type((namespace, local): &(ResolveResult, LocalName)) -> bool {
    *namespace == ResolveResult::Bound(Namespace(NAMESPACE)) && local.as_ref() == "DigitalSourceType"
}

fn kind_of(value: &str) -> Option<Kind> {
    [Kind::Generated, Kind::Edited].into_iter().find(|&kind| value.trim() == term(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_back() {
        for kind in [Kind::Generated, Kind::Edited] {
            assert_eq!(source_type(packet(kind).as_bytes()), Some(kind));
        }
    }

    #[test]
    fn other_tools_write_elements_and_other_prefixes() {
        let element =
            format!("<a xmlns:q='{NAMESPACE}'><q:DigitalSourceType> {} </q:DigitalSourceType></a>", term(Kind::Edited));
        assert_eq!(source_type(element.as_bytes()), Some(Kind::Edited));
        let resource =
            format!("<a xmlns:q='{NAMESPACE}'><q:DigitalSourceType r:resource='{}'/></a>", term(Kind::Generated));
        assert_eq!(source_type(resource.as_bytes()), Some(Kind::Generated));
    }

    #[test]
    fn speaking_of_a_term_states_nothing() {
        let title = format!("<a xmlns:q='{NAMESPACE}' title='{0}'>{0}</a>", term(Kind::Generated));
        assert_eq!(source_type(title.as_bytes()), None);
        assert_eq!(source_type(b"<a"), None);
        assert_eq!(source_type(&[0xFF, 0xFE]), None);
    }
}
