//! A report in the form of virt-inspector (its virt-inspector.rng).

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::report::{OperatingSystem, Package, Report};

/// Bytes that fill a line of base64: four letters stand for three.
const BASE64_LINE_BYTES: usize = 72 / 4 * 3;

/// Writes the document.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut xml = Xml { out, depth: 0 };
    xml.out.write_all(b"<?xml version=\"1.0\"?>\n")?;
    xml.list("operatingsystems", &report.operating_systems, |xml, system| {
        xml.within("operatingsystem", |xml| write_system(xml, system))
    })
}

fn write_system(xml: &mut Xml<'_>, system: &OperatingSystem) -> io::Result<()> {
    xml.element("root", Some(&system.root))?;
    xml.element("name", system.kind.as_deref())?;
    xml.element("arch", system.arch.as_deref())?;
    xml.element("distro", system.distro.as_deref())?;
    xml.element("product_name", system.product_name.as_deref())?;
    xml.element("product_variant", system.product_variant.as_deref())?;
    xml.element("major_version", Some(&system.major_version.to_string()))?;
    xml.element("minor_version", Some(&system.minor_version.to_string()))?;
    xml.element("package_format", system.package_format.as_deref())?;
    xml.element("package_management", system.package_management.as_deref())?;
    xml.element("windows_systemroot", system.windows_systemroot.as_deref())?;
    xml.element("windows_current_control_set", system.windows_current_control_set.as_deref())?;
    xml.element("hostname", system.hostname.as_deref())?;
    xml.element("osinfo", system.osinfo.as_deref())?;
    xml.list("mountpoints", &system.mountpoints, |xml, mountpoint| {
        xml.line("mountpoint", &format!(" dev=\"{}\"", escaped(&mountpoint.device)), Some(&mountpoint.path))
    })?;
    xml.list("filesystems", &system.filesystems, |xml, filesystem| {
        let device = format!(" dev=\"{}\"", escaped(&filesystem.device));
        if filesystem.kind.is_none() && filesystem.label.is_none() && filesystem.uuid.is_none() {
            return xml.line("filesystem", &device, None);
        }
        xml.within_tag("filesystem", &device, |xml| {
            xml.element("type", filesystem.kind.as_deref())?;
            xml.element("label", filesystem.label.as_deref())?;
            xml.element("uuid", filesystem.uuid.as_deref())
        })
    })?;
    if !system.drive_mappings.is_empty() {
        xml.list("drive_mappings", &system.drive_mappings, |xml, mapping| {
            xml.line("drive_mapping", &format!(" name=\"{}\"", escaped(&mapping.drive)), Some(&mapping.device))
        })?;
    }
    if let Some(packages) = &system.packages {
        xml.list("applications", packages, write_package)?;
    }
    // Base64 has no letter that must be escaped.
    system.icon.as_deref().map_or(Ok(()), |icon| xml.verbatim("icon", &wrapped_base64(icon)))
}

/// Base64 in lines of 72 letters with CR LF between them, as libxml2 writes it.
fn wrapped_base64(bytes: &[u8]) -> String {
    let lines = bytes.chunks(BASE64_LINE_BYTES).map(|line| STANDARD.encode(line));
    lines.collect::<Vec<_>>().join("\r\n")
}

fn write_package(xml: &mut Xml<'_>, package: &Package) -> io::Result<()> {
    let epoch = (package.epoch != 0).then(|| package.epoch.to_string());
    xml.within("application", |xml| {
        xml.element("name", Some(&package.name))?;
        xml.element("display_name", package.display_name.as_deref())?;
        xml.element("epoch", epoch.as_deref())?;
        xml.element("version", package.version.as_deref())?;
        xml.element("release", package.release.as_deref())?;
        xml.element("arch", package.arch.as_deref())?;
        xml.element("install_path", package.install_path.as_deref())?;
        xml.element("publisher", package.publisher.as_deref())?;
        xml.element("url", package.url.as_deref())?;
        xml.element("source_package", package.source_package.as_deref())?;
        xml.element("summary", package.summary.as_deref())?;
        xml.element("description", package.description.as_deref())
    })
}

/// Elements, indented by their depth.
struct Xml<'a> {
    out: &'a mut dyn Write,
    depth: usize,
}

type Contents<'a> = &'a mut dyn FnMut(&mut Xml<'_>) -> io::Result<()>;

impl Xml<'_> {
    /// An element with a text; nothing, if there is none.
    fn element(&mut self, name: &str, text: Option<&str>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.line(name, "", Some(text)))
    }

    /// An element with a text, or an empty one.
    fn line(&mut self, name: &str, attributes: &str, text: Option<&str>) -> io::Result<()> {
        let indent = self.depth * 2;
        match text {
            Some(text) => writeln!(self.out, "{:indent$}<{name}{attributes}>{}</{name}>", "", escaped(text)),
            None => writeln!(self.out, "{:indent$}<{name}{attributes}/>", ""),
        }
    }

    /// An element with a text that is written as it is.
    fn verbatim(&mut self, name: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "{:indent$}<{name}>{text}</{name}>", "", indent = self.depth * 2)
    }

    fn within(&mut self, name: &str, mut contents: impl FnMut(&mut Xml<'_>) -> io::Result<()>) -> io::Result<()> {
        self.nested(name, "", &mut contents)
    }

    fn within_tag(
        &mut self,
        name: &str,
        attributes: &str,
        mut contents: impl FnMut(&mut Xml<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.nested(name, attributes, &mut contents)
    }

    fn nested(&mut self, name: &str, attributes: &str, contents: Contents<'_>) -> io::Result<()> {
        let indent = self.depth * 2;
        writeln!(self.out, "{:indent$}<{name}{attributes}>", "")?;
        self.depth += 1;
        contents(self)?;
        self.depth -= 1;
        writeln!(self.out, "{:indent$}</{name}>", "")
    }

    /// An element for each item, within one around them.
    fn list<T>(
        &mut self,
        name: &str,
        items: &[T],
        mut item: impl FnMut(&mut Xml<'_>, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        match items {
            [] => self.line(name, "", None),
            items => self.within(name, |xml| items.iter().try_for_each(|each| item(xml, each))),
        }
    }
}

/// Text as XML 1.0 can have it ("Character Data and Markup"; "Characters": most controls have no form at all).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(letter),
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_within_their_element() {
        assert_eq!(escaped("a<b>&\"c\"\r\n\0\u{1b}"), "a&lt;b&gt;&amp;&quot;c&quot;&#13;\n\u{fffd}\u{fffd}");
    }

    #[test]
    fn base64_is_libxml2s() {
        let bytes: Vec<u8> = (0..60).collect();
        let first = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1";
        assert_eq!(wrapped_base64(&bytes[..54]), first);
        assert_eq!(wrapped_base64(&bytes[..55]), format!("{first}\r\nNg=="));
        assert_eq!(wrapped_base64(&bytes), format!("{first}\r\nNjc4OTo7"));
    }

    #[test]
    fn nothing_found_is_a_document() {
        let mut out = Vec::new();
        write(&mut out, &Report::default()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "<?xml version=\"1.0\"?>\n<operatingsystems/>\n");
    }
}
