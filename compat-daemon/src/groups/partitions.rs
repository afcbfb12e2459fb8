//! The group `partitions`: partition tables, changed by parted, sgdisk and sfdisk.
//!
//! Each of them tells the kernel of its change, which makes or removes the partitions' devices before it returns.

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::Partitions;
use glassbox_api::structs::Partition;
use glassbox_io::{Errno, Error, Result};

use crate::Daemon;
use crate::daemon::device;
use crate::tool::Tool;

/// Where `part_disk` begins its partition and how far from the end it stops, in sectors, as libguestfs has it: 64 KiB are
/// aligned to whatever the host's storage has, and leave room for a boot loader and for the second copy of a GPT.
const MARGIN: i64 = 128;

/// The length of a GUID's text: RFC 9562, section 4.
const GUID_LENGTH: usize = 36;

/// parted's name of a type of partition table.
fn label(kind: &BStr) -> Result<&'static str> {
    Ok(match kind.as_bytes() {
        b"mbr" | b"msdos" => "msdos",
        b"efi" | b"gpt" => "gpt",
        b"rdb" | b"amiga" => "amiga",
        b"aix" => "aix",
        b"bsd" => "bsd",
        b"dasd" => "dasd",
        b"dvh" => "dvh",
        b"mac" => "mac",
        b"pc98" => "pc98",
        b"sun" => "sun",
        _ => {
            return Err(Error::usage("unknown partition type: common choices are \"gpt\" and \"msdos\""));
        }
    })
}

/// parted's word for a kind of partition.
fn role(kind: &BStr) -> Result<&'static str> {
    match kind.as_bytes() {
        b"p" | b"primary" => Ok("primary"),
        b"l" | b"logical" => Ok("logical"),
        b"e" | b"extended" => Ok("extended"),
        _ => Err(Error::usage(format!(
            "unknown partition type: {kind}: this should be \"primary\", \"logical\" or \"extended\""
        ))),
    }
}

fn number(partition: i32) -> Result<String> {
    match partition {
        1.. => Ok(partition.to_string()),
        _ => Err(Error::usage("partition number must be >= 1")),
    }
}

/// A GUID, in braces or not. sgdisk takes what is none for the wish that it make one up.
fn guid(text: &BStr) -> Result<&BStr> {
    let digits = text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")).unwrap_or(text);
    let is_guid = digits.len() == GUID_LENGTH
        && digits.iter().enumerate().all(|(place, letter)| match place {
            8 | 13 | 18 | 23 => *letter == b'-',
            _ => letter.is_ascii_hexdigit(),
        });
    if is_guid { Ok(digits.as_bstr()) } else { Err(Error::usage(format!("{text}: this is no GUID"))) }
}

fn parted(disk: &BStr) -> Result<Tool> {
    // Questions are answered as the least dangerous; what begins with a hyphen isn't an option.
    Ok(Tool::new("parted").args(["-s", "--"]).arg(device(disk)?))
}

fn sgdisk(disk: &BStr, option: &str, value: &str) -> Result<()> {
    Tool::new("sgdisk").arg(device(disk)?).args([option, value]).done()
}

/// Has sfdisk read lines of its language.
fn sfdisk(disk: &BStr, tool: Tool, lines: &[&BStr]) -> Result<()> {
    let mut script = bstr::join("\n", lines);
    script.push(b'\n');
    tool.arg(device(disk)?).input(script).done()
}

/// sfdisk with a geometry; 0 is left to it.
fn sfdisk_with(cylinders: i32, heads: i32, sectors: i32) -> Tool {
    let given = |value: i32| (value != 0).then_some(value);
    Tool::new("sfdisk").number("-C", given(cylinders)).number("-H", given(heads)).number("-S", given(sectors))
}

/// A partition as `parted -m` prints it, with the words of its flags.
fn parse_listed(line: &str) -> Option<(Partition, Vec<&str>)> {
    let mut fields = line.strip_suffix(';')?.split(':');
    let part_num = fields.next()?.parse().ok()?;
    let mut bytes = || fields.next()?.strip_suffix('B')?.parse().ok();
    let found = Partition { part_num, part_start: bytes()?, part_end: bytes()?, part_size: bytes()? };
    Some((found, fields.next_back()?.split(", ").collect()))
}

/// The partitions of a table that only parted reads, and which of them are bootable.
fn listed_by_parted(disk: &BStr) -> Result<Vec<(Partition, bool)>> {
    let printed = Tool::new("parted").args(["-m", "-s", "--"]).arg(device(disk)?).args(["unit", "b", "print"]).run()?;
    // Names needn't be UTF-8; numbers and flags are ASCII. The first two lines are about the units and the disk.
    let text = printed.to_str_lossy();
    let listed = text.lines().skip(2).map(|line| {
        let (partition, flags) = parse_listed(line)?;
        Some((partition, flags.contains(&"boot")))
    });
    listed.collect::<Option<_>>().ok_or_else(|| Error::os_with(Errno(0), "parted: what it printed is no list"))
}

impl Partitions for Daemon {
    /// The engine's, and parted's of tables that the engine doesn't read.
    fn part_list(&mut self, device: &BStr) -> Result<Vec<Partition>> {
        match self.engine()?.part_list(device) {
            Err(error) if error.is_unsupported() => {
                Ok(listed_by_parted(device)?.into_iter().map(|(partition, _)| partition).collect())
            }
            answer => answer,
        }
    }

    /// As [`Self::part_list`].
    fn part_get_bootable(&mut self, device: &BStr, partnum: i32) -> Result<bool> {
        match self.engine()?.part_get_bootable(device, partnum) {
            Err(error) if error.is_unsupported() => {
                let found = listed_by_parted(device)?.into_iter().find(|(partition, _)| partition.part_num == partnum);
                let missing =
                    || Error::os_with(Errno::ENOENT, format!("partition number {partnum} not found on {device}"));
                found.map(|(_, bootable)| bootable).ok_or_else(missing)
            }
            answer => answer,
        }
    }

    fn part_init(&mut self, device: &BStr, parttype: &BStr) -> Result<()> {
        let label = label(parttype)?;
        parted(device)?.args(["mklabel", label]).done()
    }

    fn part_add(&mut self, device: &BStr, prlogex: &BStr, startsect: i64, endsect: i64) -> Result<()> {
        let role = role(prlogex)?;
        if startsect < 0 {
            return Err(Error::usage("startsect cannot be negative"));
        }
        parted(device)?.args(["mkpart", role]).arg(format!("{startsect}s")).arg(format!("{endsect}s")).done()
    }

    fn part_del(&mut self, device: &BStr, partnum: i32) -> Result<()> {
        let number = number(partnum)?;
        parted(device)?.arg("rm").arg(number).done()
    }

    fn part_disk(&mut self, device: &BStr, parttype: &BStr) -> Result<()> {
        let label = label(parttype)?;
        // A GPT has names where an MBR has kinds.
        let partition = if label == "gpt" { "p1" } else { "primary" };
        let parted = parted(device)?.args(["mklabel", label, "mkpart", partition]);
        parted.arg(format!("{MARGIN}s")).arg(format!("-{MARGIN}s")).done()
    }

    fn part_resize(&mut self, device: &BStr, partnum: i32, endsect: i64) -> Result<()> {
        let number = number(partnum)?;
        parted(device)?.arg("resizepart").arg(number).arg(format!("{endsect}s")).done()
    }

    fn part_set_bootable(&mut self, device: &BStr, partnum: i32, bootable: bool) -> Result<()> {
        let number = number(partnum)?;
        parted(device)?.arg("set").arg(number).arg("boot").arg(if bootable { "on" } else { "off" }).done()
    }

    fn part_set_name(&mut self, device: &BStr, partnum: i32, name: &BStr) -> Result<()> {
        let number = number(partnum)?;
        parted(device)?.arg("name").arg(number).arg(quoted(name)).done()
    }

    fn part_set_mbr_id(&mut self, disk: &BStr, partnum: i32, idbyte: i32) -> Result<()> {
        let number = number(partnum)?;
        Tool::new("sfdisk").arg("--part-type").arg(device(disk)?).arg(number).arg(format!("{idbyte:x}")).done()
    }

    fn part_set_gpt_type(&mut self, device: &BStr, partnum: i32, guid: &BStr) -> Result<()> {
        sgdisk(device, "-t", &format!("{}:{}", number(partnum)?, self::guid(guid)?))
    }

    fn part_set_gpt_guid(&mut self, device: &BStr, partnum: i32, guid: &BStr) -> Result<()> {
        sgdisk(device, "-u", &format!("{}:{}", number(partnum)?, self::guid(guid)?))
    }

    fn part_set_gpt_attributes(&mut self, device: &BStr, partnum: i32, attributes: i64) -> Result<()> {
        sgdisk(device, "-A", &format!("{}:=:{attributes:X}", number(partnum)?))
    }

    fn part_set_disk_guid(&mut self, device: &BStr, guid: &BStr) -> Result<()> {
        sgdisk(device, "-U", &self::guid(guid)?.to_string())
    }

    fn part_set_disk_guid_random(&mut self, device: &BStr) -> Result<()> {
        sgdisk(device, "-U", "R")
    }

    fn part_expand_gpt(&mut self, disk: &BStr) -> Result<()> {
        Tool::new("sgdisk").arg("-e").arg(device(disk)?).done()
    }

    fn sfdisk(&mut self, device: &BStr, cyls: i32, heads: i32, sectors: i32, lines: &[&BStr]) -> Result<()> {
        sfdisk(device, sfdisk_with(cyls, heads, sectors), lines)
    }

    fn sfdisk_N(
        &mut self,
        device: &BStr,
        partnum: i32,
        cyls: i32,
        heads: i32,
        sectors: i32,
        line: &BStr,
    ) -> Result<()> {
        number(partnum)?;
        sfdisk(device, sfdisk_with(cyls, heads, sectors).number("-N", Some(partnum)), &[line])
    }

    fn sfdiskM(&mut self, _device: &BStr, _lines: &[&BStr]) -> Result<()> {
        Err(Error::unsupported("sfdisk has no unit of mebibytes any more: write sizes with the suffix M in sfdisk"))
    }
}

/// parted splits arguments into words, unless they are in quotes.
fn quoted(name: &BStr) -> BString {
    let mut text = BString::from("\"");
    for byte in name.iter().copied() {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_parted() {
        let (partition, flags) = parse_listed("2:1048576B:20971519B:19922944B:ext2:a:b:boot, swap;").unwrap();
        assert_eq!((partition.part_num, partition.part_start, partition.part_end), (2, 1048576, 20971519));
        assert_eq!((partition.part_size, flags), (19922944, vec!["boot", "swap"]));
        assert!(parse_listed("1:512B:32767B:32256B::Apple:;").is_some_and(|(_, flags)| flags == [""]));
        assert_eq!(parse_listed("BYT;"), None);
    }

    #[test]
    fn words_of_callers_become_those_of_parted() {
        assert_eq!(label("mbr".into()).unwrap(), "msdos");
        assert_eq!(label("efi".into()).unwrap(), "gpt");
        assert!(label("foo".into()).is_err());
        assert_eq!((role("l".into()).unwrap(), role("extended".into()).unwrap()), ("logical", "extended"));
        assert!(role("x".into()).is_err() && number(0).is_err() && number(-1).is_err());
        let text = "0657FD6D-a4ab-43C4-84E5-0933C84B4F4F";
        assert_eq!(
            (guid(text.into()).unwrap(), guid(format!("{{{text}}}").as_bytes().as_bstr()).unwrap()),
            (text.into(), text.into())
        );
        assert!(
            ["nonsense", "R", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4", ""]
                .iter()
                .all(|text| guid(BStr::new(text)).is_err())
        );
        assert_eq!(quoted("a \"b\\".into()), "\"a \\\"b\\\\\"");
    }
}
