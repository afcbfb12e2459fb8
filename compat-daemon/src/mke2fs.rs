//! mke2fs(8) with all that can be wished of it.

use std::fmt::Display;

use bstr::BStr;
use glassbox_api::options::Mke2fsOpts;
use glassbox_io::{Error, Result};

use crate::daemon::device;
use crate::tool::Tool;

/// The words of one comma-separated list: extended options, or features.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn value(&mut self, name: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| format!("{name}={value}")));
    }

    /// One word, or another where it is not wanted.
    fn either(&mut self, wanted: Option<bool>, yes: &str, no: &str) {
        self.0.extend(wanted.map(|wanted| if wanted { yes } else { no }.to_owned()));
    }

    fn feature(&mut self, wanted: Option<bool>, name: &str) {
        self.either(wanted, name, &format!("^{name}"));
    }

    fn add_to(self, tool: Tool, option: &str) -> Tool {
        if self.0.is_empty() { tool } else { tool.arg(option).arg(self.0.join(",")) }
    }
}

/// A run that makes a filesystem on a device.
pub fn mke2fs(name: &BStr, wishes: &Mke2fsOpts<'_>) -> Result<Tool> {
    if wishes.quotatype.is_some() {
        return Err(Error::unsupported("quotatype: mke2fs wants to know which quotas, which the call can't tell"));
    }
    let tool = Tool::new("mke2fs")
        .number("-b", wishes.blocksize)
        .flag(wishes.forcecreate, "-F")
        .number("-f", wishes.fragsize)
        .number("-g", wishes.blockspergroup)
        .number("-G", wishes.numberofgroups)
        .number("-i", wishes.bytesperinode)
        .number("-I", wishes.inodesize)
        .number("-N", wishes.numberofinodes)
        .number("-m", wishes.reservedblockspercentage)
        .text("-L", wishes.label)
        .text("-M", wishes.lastmounteddir)
        .text("-o", wishes.creatoros)
        .text("-t", wishes.fstype)
        .text("-T", wishes.usagetype)
        .text("-U", wishes.uuid)
        .flag(wishes.writesbandgrouponly, "-S");
    let tool = journal(wishes)?.add_to(tool, "-J");
    let tool = extended(wishes).add_to(tool, "-E");
    let tool = features(wishes).add_to(tool, "-O").arg(name);
    Ok(match wishes.blockscount {
        Some(count) => tool.arg(count.to_string()),
        None => tool,
    })
}

fn journal(wishes: &Mke2fsOpts<'_>) -> Result<Words> {
    let mut words = Words::default();
    words.value("size", wishes.journalsize);
    let place = match wishes.journaldevice {
        Some(name) if name.starts_with(b"/dev/") => Some(device(name)?.to_string()),
        // `UUID=…` and `LABEL=…`
        place => place.map(|place| place.to_string()),
    };
    words.value("device", place);
    Ok(words)
}

fn extended(wishes: &Mke2fsOpts<'_>) -> Words {
    let mut words = Words::default();
    words.value("mmp_update_interval", wishes.mmpupdateinterval);
    words.value("stride", wishes.stridesize);
    words.value("stripe_width", wishes.stripewidth);
    words.value("resize", wishes.maxonlineresize);
    words.value("lazy_itable_init", wishes.lazyitableinit.map(u8::from));
    words.value("lazy_journal_init", wishes.lazyjournalinit.map(u8::from));
    if wishes.testfs == Some(true) {
        words.0.push("test_fs".to_owned());
    }
    words.either(wishes.discard, "discard", "nodiscard");
    words
}

fn features(wishes: &Mke2fsOpts<'_>) -> Words {
    let mut words = Words::default();
    words.feature(wishes.extent, "extent");
    words.feature(wishes.filetype, "filetype");
    words.feature(wishes.flexbg, "flex_bg");
    words.feature(wishes.hasjournal, "has_journal");
    words.feature(wishes.journaldev, "journal_dev");
    words.feature(wishes.largefile, "large_file");
    words.feature(wishes.quota, "quota");
    words.feature(wishes.resizeinode, "resize_inode");
    words.feature(wishes.sparsesuper, "sparse_super");
    words.feature(wishes.uninitbg, "uninit_bg");
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_become_options() {
        let wishes = Mke2fsOpts {
            blockscount: Some(4096),
            blocksize: Some(1024),
            journalsize: Some(1),
            label: Some("l".into()),
            journaldevice: Some("LABEL=j".into()),
            fstype: Some("ext3".into()),
            forcecreate: Some(true),
            testfs: Some(false),
            discard: Some(false),
            lazyitableinit: Some(true),
            extent: Some(false),
            hasjournal: Some(true),
            ..Mke2fsOpts::default()
        };
        let command = mke2fs("/dev/sda".into(), &wishes).unwrap().into_command();
        let words: Vec<&str> = command.get_args().map(|word| word.to_str().unwrap()).collect();
        let expected = "-b 1024 -F -L l -t ext3 -J size=1,device=LABEL=j -E lazy_itable_init=1,nodiscard \
                        -O ^extent,has_journal /dev/sda 4096";
        assert_eq!(words.join(" "), expected);
        assert!(mke2fs("/dev/sda".into(), &Mke2fsOpts { quotatype: Some(true), ..wishes }).is_err());
    }
}
