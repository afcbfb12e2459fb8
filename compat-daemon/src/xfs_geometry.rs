//! What xfs_info(8) prints of a filesystem's geometry.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::structs::XfsInfo;

/// Its fields, in the order in which they were printed: `data.bsize` is `4096`.
pub struct Geometry(Vec<(BString, BString)>);

impl Geometry {
    /// Lines are `section =first field=value, field=value`; a line without a section continues the one before. The first
    /// field of a section may be a value without a name.
    pub fn parse(text: &[u8]) -> Self {
        let mut fields = Vec::new();
        let mut section = BString::default();
        for line in text.lines() {
            let Some((name, rest)) = line.split_once_str("=") else { continue };
            let begins = !name.trim().is_empty();
            if begins {
                section = name.trim().into();
            }
            // `agcount=4, agsize=25600 blks`: units and commas go.
            let mut words =
                rest.split(|byte| *byte == b',' || byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
            if begins && !rest.starts_with(b" ") {
                let first = words.next().unwrap_or_default();
                let second = if first == b"version" { words.next() } else { None };
                fields.push(match (first.split_once_str("="), second) {
                    (Some((name, value)), _) => (key(&section, name), value.into()),
                    (None, Some(version)) => (key(&section, first), version.into()),
                    (None, None) => (section.clone(), first.into()),
                });
            }
            fields.extend(
                words
                    .filter_map(|word| word.split_once_str("="))
                    .map(|(name, value)| (key(&section, name), value.into())),
            );
        }
        Geometry(fields)
    }

    /// The value of a field, as it was printed.
    pub fn text(&self, name: &str) -> Option<&BStr> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_bstr())
    }

    /// The value of a field that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.to_str().ok()?.parse().ok()
    }

    /// The field and its value, for all that were printed.
    pub fn into_pairs(self) -> Vec<(BString, BString)> {
        self.0
    }

    /// The struct of the call `xfs_info`: what is missing is −1, or empty.
    pub fn info(&self) -> XfsInfo {
        let text = |name| self.text(name).map(BStr::to_owned).unwrap_or_default();
        let long = |name| self.number(name).unwrap_or(u64::MAX);
        let short = |name| self.number(name).and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX);
        XfsInfo {
            xfs_mntpoint: text("meta-data"),
            xfs_inodesize: short("meta-data.isize"),
            xfs_agcount: short("meta-data.agcount"),
            xfs_agsize: short("meta-data.agsize"),
            xfs_sectsize: short("meta-data.sectsz"),
            xfs_attr: short("meta-data.attr"),
            xfs_blocksize: short("data.bsize"),
            xfs_datablocks: long("data.blocks"),
            xfs_imaxpct: short("data.imaxpct"),
            xfs_sunit: short("data.sunit"),
            xfs_swidth: short("data.swidth"),
            xfs_dirversion: short("naming.version"),
            xfs_dirblocksize: short("naming.bsize"),
            xfs_cimode: short("naming.ascii-ci"),
            xfs_logname: text("log"),
            xfs_logblocksize: short("log.bsize"),
            xfs_logblocks: short("log.blocks"),
            xfs_logversion: short("log.version"),
            xfs_logsectsize: short("log.sectsz"),
            xfs_logsunit: short("log.sunit"),
            xfs_lazycount: short("log.lazy-count"),
            xfs_rtname: text("realtime"),
            xfs_rtextsize: short("realtime.extsz"),
            xfs_rtblocks: long("realtime.blocks"),
            xfs_rtextents: long("realtime.rtextents"),
        }
    }
}

fn key(section: &BString, name: &[u8]) -> BString {
    [section.as_slice(), b".", name].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &[u8] = b"\
meta-data=/dev/sda               isize=512    agcount=4, agsize=25600 blks
         =                       sectsz=512   attr=2, projid32bit=1
data     =                       bsize=4096   blocks=102400, imaxpct=25
         =                       sunit=0      swidth=0 blks
naming   =version 2              bsize=4096   ascii-ci=0, ftype=1
log      =internal log           bsize=4096   blocks=16384, version=2
         =                       sectsz=512   sunit=0 blks, lazy-count=1
realtime =none                   extsz=4096   blocks=0, rtextents=0
";

    #[test]
    fn the_geometry_is_read_section_by_section() {
        let info = Geometry::parse(PRINTED).info();
        assert_eq!((info.xfs_mntpoint.as_bstr(), info.xfs_inodesize, info.xfs_agsize), ("/dev/sda".into(), 512, 25600));
        assert_eq!((info.xfs_sectsize, info.xfs_blocksize, info.xfs_datablocks), (512, 4096, 102_400));
        assert_eq!((info.xfs_dirversion, info.xfs_dirblocksize, info.xfs_cimode), (2, 4096, 0));
        assert_eq!((info.xfs_logname.as_bstr(), info.xfs_logversion, info.xfs_logsunit), ("internal".into(), 2, 0));
        assert_eq!((info.xfs_rtname.as_bstr(), info.xfs_rtextsize, info.xfs_rtextents), ("none".into(), 4096, 0));
        let nothing = Geometry::parse(b"").info();
        assert_eq!((nothing.xfs_attr, nothing.xfs_datablocks), (u32::MAX, u64::MAX));
        assert!(nothing.xfs_logname.is_empty());
    }
}
