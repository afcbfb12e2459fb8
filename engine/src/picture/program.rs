//! Pictures among the resources of a Windows program (Microsoft's "PE Format").

use glassbox_io::{Error, Fields, Result};

use super::Picture;
use super::bitmap::decode;

/// Where the MS-DOS stub says how far into the file the signature is ("MS-DOS Stub").
const SIGNATURE_OFFSET: usize = 0x3c;
const SIGNATURE: &[u8] = b"PE\0\0";
/// "COFF File Header": its size.
const COFF_HEADER: usize = 20;
/// "Optional Header": what begins it, and how far behind that its data directories are.
const DIRECTORIES: [(u16, usize); 2] = [(0x10b, 96), (0x20b, 112)];
/// "Optional Header Data Directories": the resource table is the third, of eight bytes each.
const RESOURCE_TABLE: usize = 2 * 8;
/// "Section Table": the size of an entry.
const SECTION: usize = 40;
/// "Resource Directory Table": the size of its head, and of the entries behind it.
const RESOURCE_DIRECTORY: usize = 16;
const RESOURCE_ENTRY: usize = 8;
/// "Resource Directory Entries": set if an entry leads to another directory.
const IS_DIRECTORY: u32 = 1 << 31;
/// The type of bitmaps among resources.
const RT_BITMAP: u32 = 2;

/// The bitmap of this number in `program`; `None` if it has none.
pub fn bitmap(program: &[u8], number: u32) -> Result<Option<Picture>> {
    let fields = Fields::new(program);
    let signature = fields.le32(SIGNATURE_OFFSET)? as usize;
    let header = fields.from(signature)?;
    if header.slice(0, SIGNATURE.len())? != SIGNATURE {
        return Err(Error::corrupt("no program of Windows"));
    }
    let coff = header.from(SIGNATURE.len())?;
    let (sections, optional_size) = (usize::from(coff.le16(2)?), usize::from(coff.le16(16)?));
    let optional = coff.from(COFF_HEADER)?;
    let magic = optional.le16(0)?;
    let directories = DIRECTORIES.iter().find(|(known, _)| *known == magic);
    let (_, directories) =
        directories.ok_or_else(|| Error::corrupt(format!("an optional header of kind {magic:#x}")))?;
    let resources = optional.le32(directories + RESOURCE_TABLE)?;
    let table = optional.from(optional_size)?;
    // From an address when loaded to the file's bytes from there to the end of the section.
    let at = |address: u32| -> Result<Fields<'_>> {
        for section in 0..sections {
            let section = table.from(section * SECTION)?;
            let (start, size, offset) = (section.le32(12)?, section.le32(16)?, section.le32(20)?);
            if let Some(inside) = address.checked_sub(start).filter(|inside| *inside < size) {
                return fields.at(offset as usize, size as usize)?.from(inside as usize);
            }
        }
        Err(Error::corrupt(format!("no section has the address {address:#x}")))
    };
    if resources == 0 {
        return Ok(None);
    }
    // Three levels: types, numbers, languages; of those any will do.
    let root = at(resources)?;
    let Some(numbers) = find(&root, 0, Some(RT_BITMAP))? else { return Ok(None) };
    let Some(languages) = find(&root, directory(numbers)?, Some(number))? else { return Ok(None) };
    let Some(entry) = find(&root, directory(languages)?, None)? else { return Ok(None) };
    // "Resource Data Entry": an address, and a size.
    let entry = root.from(entry as usize)?;
    let data = at(entry.le32(0)?)?;
    decode(data.slice(0, entry.le32(4)? as usize)?).map(Some)
}

/// Where the entry of this number, or the first one, leads to in the directory that is `offset` bytes behind the root.
fn find(root: &Fields<'_>, offset: u32, number: Option<u32>) -> Result<Option<u32>> {
    let directory = root.from(offset as usize)?;
    // Those with names come first, and none has a name here.
    let (named, numbered) = (usize::from(directory.le16(12)?), usize::from(directory.le16(14)?));
    for index in named..named + numbered {
        let entry = directory.from(RESOURCE_DIRECTORY + index * RESOURCE_ENTRY)?;
        if number.is_none_or(|number| entry.le32(0).is_ok_and(|found| found == number)) {
            return entry.le32(4).map(Some);
        }
    }
    Ok(None)
}

fn directory(entry: u32) -> Result<u32> {
    match entry & IS_DIRECTORY {
        0 => Err(Error::corrupt("a resource where its directory should be")),
        _ => Ok(entry & !IS_DIRECTORY),
    }
}
