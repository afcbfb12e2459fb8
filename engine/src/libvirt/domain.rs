//! What libvirt's description of a domain says of its disks (<https://libvirt.org/formatdomain.html>, "Hard drives, floppy
//! disks, CDROMs").

use glassbox_io::{Error, Result};
use roxmltree::{Document, Node};

/// The disks of a domain, and whether it runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    /// In libvirt's order, without drives that have no medium.
    pub disks: Vec<Disk>,
    /// Whether it runs, paused or not: then somebody writes to its disks.
    pub is_active: bool,
}

/// A disk of a domain.
#[derive(Debug, PartialEq, Eq)]
pub struct Disk {
    /// Where it is.
    pub source: Source,
    /// Its format, if libvirt knows it.
    pub format: Option<String>,
    /// Whether the domain may only read it.
    pub is_read_only: bool,
    /// Bytes of a sector, where they are other than usual and known to libguestfs.
    pub block_size: Option<i32>,
}

/// Where a disk is.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A file or a block device.
    File(String),
    /// A volume of a storage pool, which only libvirt can find.
    Volume {
        /// The pool's name.
        pool: String,
        /// The volume's name there.
        volume: String,
    },
    /// On servers.
    Network(Network),
}

/// A disk on servers, as the call `add_drive` spells it.
#[derive(Debug, PartialEq, Eq)]
pub struct Network {
    /// `nbd`, `rbd` …
    pub protocol: String,
    /// Its name there.
    pub export: String,
    /// `HOST`, `HOST:PORT` or `unix:PATH`.
    pub servers: Vec<String>,
    /// The user there.
    pub username: Option<String>,
    /// Where libvirt keeps the user's password.
    pub secret: Option<Secret>,
}

/// How libvirt finds a password.
#[derive(Debug, PartialEq, Eq)]
pub enum Secret {
    /// By its UUID.
    Uuid(String),
    /// By what it is for, and the kind of that.
    Usage {
        /// `ceph`, `iscsi` …
        kind: String,
        /// Its name among those.
        usage: String,
    },
}

impl Domain {
    /// Reads libvirt's XML.
    pub fn parse(xml: &str) -> Result<Domain> {
        let document = Document::parse(xml)
            .map_err(|error| Error::corrupt(format!("libvirt's description of a domain: {error}")))?;
        let domain = document.root_element();
        let disks =
            children(domain, "devices").flat_map(|devices| children(devices, "disk")).filter_map(disk).collect();
        // Only what runs has a number.
        Ok(Domain { disks, is_active: domain.attribute("id").is_some() })
    }
}

/// `None` if it has no medium, or isn't a disk to a program outside the domain.
fn disk(disk: Node<'_, '_>) -> Option<Disk> {
    let source = child(disk, "source")?;
    let value = |name: &str| source.attribute(name).map(str::to_owned);
    let source = match disk.attribute("type")? {
        "file" => Source::File(value("file")?),
        "block" => Source::File(value("dev")?),
        "volume" => Source::Volume { pool: value("pool")?, volume: value("volume")? },
        "network" => Source::Network(network(source, child(disk, "auth").or_else(|| child(source, "auth")))?),
        _ => return None,
    };
    let format = child(disk, "driver").and_then(|driver| driver.attribute("type")).map(str::to_owned);
    let block_size = child(disk, "blockio").and_then(|blockio| blockio.attribute("logical_block_size"));
    let block_size = block_size.and_then(|size| size.parse().ok()).filter(|size| [512, 4096].contains(size));
    Some(Disk { source, format, is_read_only: child(disk, "readonly").is_some(), block_size })
}

fn network(source: Node<'_, '_>, auth: Option<Node<'_, '_>>) -> Option<Network> {
    let name = source.attribute("name").unwrap_or_default();
    let export = match source.attribute("query") {
        Some(query) => format!("{name}?{query}"),
        None => name.to_owned(),
    };
    let secret = auth.and_then(|auth| child(auth, "secret")).and_then(|secret| {
        let kind = secret.attribute("type").unwrap_or_default().to_owned();
        match (secret.attribute("uuid"), secret.attribute("usage")) {
            (Some(uuid), _) => Some(Secret::Uuid(uuid.to_owned())),
            (None, usage) => Some(Secret::Usage { kind, usage: usage?.to_owned() }),
        }
    });
    Some(Network {
        protocol: source.attribute("protocol")?.to_owned(),
        export,
        servers: children(source, "host").filter_map(server).collect(),
        username: auth.and_then(|auth| auth.attribute("username")).map(str::to_owned),
        secret,
    })
}

fn server(host: Node<'_, '_>) -> Option<String> {
    if let Some(socket) = host.attribute("socket") {
        return Some(format!("unix:{socket}"));
    }
    let name = host.attribute("name")?;
    // An IPv6 address would look as if it had a port.
    let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    Some(host.attribute("port").map_or(name.clone(), |port| format!("{name}:{port}")))
}

fn children<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name(name))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disks(xml: &str) -> Vec<Disk> {
        Domain::parse(&format!("<domain><devices>{xml}</devices></domain>")).unwrap().disks
    }

    #[test]
    fn files_and_devices() {
        let found = disks(
            "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a&amp;b'/><readonly/></disk>
             <disk type='block'><source dev='/dev/vg/lv'/><blockio logical_block_size='4096'/></disk>
             <disk type='file' device='cdrom'><target dev='hdc'/></disk>
             <disk type='dir'><source dir='/'/></disk>
             <disk type='volume'><source pool='p' volume='v'/></disk>",
        );
        let file = |path: &str| Source::File(path.into());
        let format = Some("qcow2".into());
        assert_eq!(found[0], Disk { source: file("/a&b"), format, is_read_only: true, block_size: None });
        let source = file("/dev/vg/lv");
        assert_eq!(found[1], Disk { source, format: None, is_read_only: false, block_size: Some(4096) });
        assert_eq!(found[2].source, Source::Volume { pool: "p".into(), volume: "v".into() });
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn servers() {
        let found = disks(
            "<disk type='network'><auth username='u'><secret type='ceph' usage='for rbd'/></auth>
             <source protocol='rbd' name='pool/image'><host name='h'/><host name='::1' port='6789'/></source></disk>
             <disk type='network'><source protocol='nbd'><host transport='unix' socket='/run/s'/></source></disk>
             <disk type='network'><source protocol='https' name='/x' query='a=b'><host name='h' port='443'/>
             <auth><secret type='iscsi' uuid='1-2'/></auth></source></disk>",
        );
        let Source::Network(rbd) = &found[0].source else { panic!("{found:?}") };
        assert_eq!((rbd.protocol.as_str(), rbd.export.as_str()), ("rbd", "pool/image"));
        assert_eq!((&rbd.servers[..], rbd.username.as_deref()), (&["h".into(), "[::1]:6789".into()][..], Some("u")));
        assert_eq!(rbd.secret, Some(Secret::Usage { kind: "ceph".into(), usage: "for rbd".into() }));
        let Source::Network(nbd) = &found[1].source else { panic!("{found:?}") };
        assert_eq!((nbd.export.as_str(), &nbd.servers[..]), ("", &["unix:/run/s".into()][..]));
        let Source::Network(https) = &found[2].source else { panic!("{found:?}") };
        assert_eq!((https.export.as_str(), &https.secret), ("/x?a=b", &Some(Secret::Uuid("1-2".into()))));
    }

    #[test]
    fn whether_it_runs() {
        assert!(Domain::parse("<domain id='3'/>").unwrap().is_active);
        assert!(!Domain::parse("<domain/>").unwrap().is_active);
        assert!(Domain::parse("<domain").is_err());
    }
}
