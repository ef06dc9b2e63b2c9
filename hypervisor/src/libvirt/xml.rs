//! XML as a tree that keeps all it doesn't know: libvirt's documents are read from it and
//! changed in it.
//!
//! Elements, attributes, text, comments and their order survive. Document type declarations
//! and processing instructions are dropped: libvirt writes none. Depth and size are bounded,
//! so a hostile document gives an error and never a deep stack.

use base::{Code, Error, Result};
use quick_xml::Reader;
use quick_xml::escape::{escape, partial_escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};

const MAX_DEPTH: usize = 100;
/// libvirt passes no longer text to its clients.
const MAX_BYTES: usize = 4 << 20;
/// Reading compares each attribute with those before it.
const MAX_ATTRIBUTES: usize = 256;

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) content: Vec<Item>,
}

/// What stands inside an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An element.
    Element(Element),
    /// Characters, with entities resolved.
    Text(String),
    /// A comment, as it stands.
    Comment(String),
}

impl Element {
    /// An empty element.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The same with an attribute.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// The same with an element at the end of its content.
    pub(super) fn holding(mut self, child: Self) -> Self {
        self.content.push(Item::Element(child));
        self
    }

    /// The same with text at the end of its content.
    pub(super) fn saying(mut self, text: impl Into<String>) -> Self {
        self.content.push(Item::Text(text.into()));
        self
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name)?;
        Some(&found.1)
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(n, _)| n == name) {
            Some(found) => found.1 = value,
            None => self.attributes.push((name.into(), value)),
        }
    }

    /// Removes an attribute.
    pub(super) fn unset(&mut self, name: &str) {
        self.attributes.retain(|(n, _)| n != name);
    }

    /// The elements inside.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|item| match item {
            Item::Element(e) => Some(e),
            _ => None,
        })
    }

    /// The elements inside, to be changed.
    pub(super) fn children_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.content.iter_mut().filter_map(|item| match item {
            Item::Element(e) => Some(e),
            _ => None,
        })
    }

    /// The elements of this name inside.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |e| e.name == name)
    }

    /// The first element of this name inside.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|e| e.name == name)
    }

    /// The first element of this name inside, to be changed.
    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children_mut().find(|e| e.name == name)
    }

    /// Its own text, trimmed.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for item in &self.content {
            if let Item::Text(t) = item {
                out.push_str(t);
            }
        }
        out.trim().into()
    }

    /// Replaces all content by text.
    pub(super) fn set_text(&mut self, text: impl Into<String>) {
        self.content = vec![Item::Text(text.into())];
    }

    /// Keeps the elements for which `keep` says so, and everything that is no element.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Self) -> bool) {
        self.content.retain(|item| match item {
            Item::Element(e) => keep(e),
            _ => true,
        });
    }

    /// The document as text.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            // Line ends and tabs in an attribute would be read back as spaces.
            for c in escape(value.as_str()).chars() {
                match c {
                    '\n' | '\r' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
                    c => out.push(c),
                }
            }
            out.push('"');
        }
        if self.content.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for item in &self.content {
            match item {
                Item::Element(e) => e.write(out),
                Item::Text(t) => out.push_str(&partial_escape(t.as_str())),
                Item::Comment(c) => {
                    out.push_str("<!--");
                    out.push_str(c);
                    out.push_str("-->");
                }
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Reads a document.
///
/// # Errors
/// `HypervisorError` if it is not well-formed, too deep or too long.
pub(super) fn parse(text: &str) -> Result<Element> {
    let bad = |why: &dyn std::fmt::Display| {
        Error::new(
            Code::HypervisorError,
            format!("libvirt's XML can't be read: {why}"),
        )
    };
    if text.len() > MAX_BYTES {
        return Err(bad(&"it is longer than 4 MiB"));
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let done = match reader.read_event().map_err(|e| bad(&e))? {
            Event::Eof => break,
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(bad(&"elements are nested too deep"));
                }
                open.push(element(&start).map_err(|why| bad(&why))?);
                None
            }
            Event::Empty(start) => Some(element(&start).map_err(|why| bad(&why))?),
            Event::End(_) => open.pop(),
            Event::Text(t) => {
                add_text(&mut open, &t.xml10_content());
                None
            }
            Event::CData(t) => {
                add_text(&mut open, &t.xml10_content());
                None
            }
            Event::GeneralRef(r) => {
                let name = r.xml10_content();
                match r.resolve_char_ref().map_err(|e| bad(&e))? {
                    Some(c) => add_text(&mut open, c.encode_utf8(&mut [0; 4])),
                    None => match resolve_predefined_entity(&name) {
                        Some(text) => add_text(&mut open, text),
                        None => return Err(bad(&format_args!("unknown entity `{name}`"))),
                    },
                }
                None
            }
            Event::Comment(c) => {
                let c = c.xml10_content().into_owned();
                if let Some(top) = open.last_mut() {
                    top.content.push(Item::Comment(c));
                }
                None
            }
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => None,
        };
        if let Some(done) = done {
            match open.last_mut() {
                Some(top) => top.content.push(Item::Element(done)),
                None if root.is_none() => root = Some(done),
                None => return Err(bad(&"there are two outermost elements")),
            }
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(bad(&"it ends too early")),
    }
}

fn element(start: &BytesStart<'_>) -> std::result::Result<Element, String> {
    let mut out = Element::new(start.name().as_ref());
    for (n, attribute) in start.attributes().enumerate() {
        if n >= MAX_ATTRIBUTES {
            return Err("an element has too many attributes".into());
        }
        let attribute = attribute.map_err(|e| e.to_string())?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|e| e.to_string())?;
        out.attributes
            .push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(out)
}

fn add_text(open: &mut [Element], text: &str) {
    let Some(top) = open.last_mut() else { return };
    match top.content.last_mut() {
        Some(Item::Text(t)) => t.push_str(text),
        _ => top.content.push(Item::Text(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_survives_reading_and_writing_with_all_it_does_not_know() {
        let text = "<domain type=\"kvm\" xmlns:q=\"http://x\">\n  <!-- by hand -->\n  \
            <name>a &amp; b</name><q:arg value=\"&lt;&quot;&#10;\"/><x/>\n</domain>";
        let root = parse(text).unwrap();
        assert_eq!(root.child("name").unwrap().text(), "a & b");
        assert_eq!(
            root.child("q:arg").unwrap().attribute("value"),
            Some("<\"\n")
        );
        assert_eq!(parse(&root.to_text()).unwrap(), root);
        assert_eq!(root.to_text(), text);
    }

    #[test]
    fn hostile_documents_give_errors() {
        for text in [
            "",
            "<a",
            "<a></b>",
            "<a>",
            "<a/><b/>",
            "<a>&bomb;</a>",
            "<a x=1/>",
            "<a x='1' x='2'/>",
            "</a>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let deep = "<a>".repeat(100_000);
        assert!(parse(&deep).is_err());
        let long = format!("<a>{}</a>", " ".repeat(MAX_BYTES));
        assert!(parse(&long).is_err());
    }

    #[test]
    fn attributes_without_end_take_no_time() {
        use std::fmt::Write;
        let mut text = "<a".to_owned();
        for n in 0..200_000 {
            write!(text, " x{n}=''").unwrap();
        }
        let start = std::time::Instant::now();
        assert!(parse(&(text + "/>")).is_err());
        assert!(start.elapsed() < std::time::Duration::from_secs(5));
        let value = "v".repeat(1 << 20);
        let root = parse(&format!("<a x='{value}'/>")).unwrap();
        assert_eq!(root.attribute("x"), Some(&*value));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[<>/a&;#x \"'=!\\-\\[\\]?\u{0}é]{0,60}") {
            if let Ok(root) = parse(&text) {
                prop_assert_eq!(parse(&root.to_text()).unwrap(), root);
            }
        }
    }
}
