//! A disk's partition table, whatever its kind.

use glassbox_io::{Error, ReadAt, Result, Source, Window};

use crate::foreign;
use crate::gpt::{self, GptDisk, GptPartition};
use crate::mbr::{self, BootRecord, MbrDisk};
use crate::sectors::Sectors;

/// The sizes that logical sectors have in practice, in the order in which they are tried.
const SECTOR_SIZES: [u32; 2] = [512, 4096];

/// Linux gives a disk 256 device numbers, one of them to the whole disk (`DISK_MAX_PARTS`).
pub(crate) const MAX_DEVICES: u32 = 255;

/// How a disk is divided.
#[derive(Clone, Debug)]
pub struct PartitionTable {
    /// The kind of table.
    pub kind: TableKind,
    /// Bytes of a logical sector: as given, or as found.
    pub sector_size: u32,
    /// What a GPT says of its disk.
    pub gpt: Option<GptDisk>,
    /// What an MBR says of its disk; `None` for a GPT's protective or hybrid MBR.
    pub mbr: Option<MbrDisk>,
    /// All partitions, in the order in which Linux finds them: of a GPT by number; of an MBR each slot, an extended
    /// partition followed by its logical ones.
    pub partitions: Vec<Partition>,
    disk_size: u64,
}

/// The kinds of partition tables. Only GPT and MBR are read; the others are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKind {
    /// GUID partition table.
    Gpt,
    /// Master boot record.
    Msdos,
    /// IBM AIX.
    Aix,
    /// Amiga rigid disk block.
    Amiga,
    /// BSD disk label on the whole disk.
    Bsd,
    /// SGI volume header.
    Dvh,
    /// Apple partition map.
    Mac,
    /// Sun (SPARC) label.
    Sun,
}

impl TableKind {
    /// The name that parted, and so `part_get_parttype`, has for it.
    pub fn name(self) -> &'static str {
        match self {
            TableKind::Gpt => "gpt",
            TableKind::Msdos => "msdos",
            TableKind::Aix => "aix",
            TableKind::Amiga => "amiga",
            TableKind::Bsd => "bsd",
            TableKind::Dvh => "dvh",
            TableKind::Mac => "mac",
            TableKind::Sun => "sun",
        }
    }

    /// The kind of table on `disk`, also of those that [`PartitionTable::read`] doesn't read. `sector_size` as there.
    pub fn probe(disk: &dyn ReadAt, sector_size: Option<u32>) -> Result<Option<TableKind>> {
        match find(disk, sector_size)? {
            Found::Gpt(_) => Ok(Some(TableKind::Gpt)),
            Found::Mbr(..) => Ok(Some(TableKind::Msdos)),
            Found::Foreign(kind) => Ok(Some(kind)),
            Found::Nothing => Ok(None),
        }
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The number in Linux's name for it, `/dev/sda3`.
    pub number: u32,
    /// Where it begins on the disk, in bytes.
    pub start: u64,
    /// Its length in bytes, as the table has it. It may reach past the end of a disk that was cut short.
    pub size: u64,
    /// Its place in the table.
    pub role: PartitionRole,
    /// The type byte of an MBR's entry.
    pub mbr_id: Option<u8>,
    /// The active flag of an MBR's entry. In a GPT, what parted shows as `boot` or `legacy_boot`: an EFI system
    /// partition, or one with that attribute.
    pub bootable: bool,
    /// What a GPT's entry says besides.
    pub gpt: Option<GptPartition>,
    /// The PARTUUID, as blkid prints it. Partitions inside a slice have none.
    pub part_uuid: Option<String>,
    pub(crate) sector_size: u32,
}

/// A partition that a kernel found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelPartition {
    /// The number in its name.
    pub number: u32,
    /// Where it begins on the disk, in bytes.
    pub start: u64,
    /// Its length in bytes.
    pub size: u64,
}

/// The place of a partition in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartitionRole {
    /// One of an MBR's four, or any partition of a GPT.
    Primary,
    /// An MBR's container of logical partitions.
    Extended,
    /// A partition inside the extended one.
    Logical,
    /// A partition of a BSD label inside an MBR's slice. Linux shows it, parted doesn't.
    Nested,
}

impl PartitionRole {
    /// The name that `part_get_mbr_part_type` returns.
    pub fn name(self) -> &'static str {
        match self {
            PartitionRole::Primary => "primary",
            PartitionRole::Extended => "extended",
            PartitionRole::Logical | PartitionRole::Nested => "logical",
        }
    }
}

impl PartitionTable {
    /// Reads the table of `disk`; `None` where there is none: an empty disk, or a filesystem on all of it.
    ///
    /// `sector_size` is that of the disk's logical sectors, a power of two from 512 to 4096. Without it, a GPT is
    /// looked for in sectors of 512 and 4096 bytes, and an MBR is taken to count sectors of 512.
    ///
    /// # Errors
    /// *Corrupt* when neither copy of a GPT is whole; *unsupported* for kinds of tables which are only recognised
    /// ([`TableKind::probe`] names them) and for slices of an MBR that Linux would divide further.
    pub fn read(disk: &dyn ReadAt, sector_size: Option<u32>) -> Result<Option<Self>> {
        let table = |kind, sectors: Sectors<'_>, gpt, mbr, partitions| PartitionTable {
            kind,
            sector_size: sectors.size(),
            gpt,
            mbr,
            partitions,
            disk_size: disk.len(),
        };
        match find(disk, sector_size)? {
            Found::Gpt(sectors) => {
                let (gpt, partitions) = gpt::read(sectors)?;
                Ok(Some(table(TableKind::Gpt, sectors, Some(gpt), None, partitions)))
            }
            Found::Mbr(sectors, record) => {
                let (mbr, partitions) = mbr::read(sectors, &record)?;
                Ok(Some(table(TableKind::Msdos, sectors, None, Some(mbr), partitions)))
            }
            Found::Foreign(kind) => Err(Error::unsupported(format!("partition table: {}", kind.name()))),
            Found::Nothing => Ok(None),
        }
    }

    /// A table of a kind that isn't read here, on a disk of `disk_size` bytes, as a kernel shows it.
    pub fn of_kernel(kind: TableKind, disk_size: u64, sector_size: u32, found: &[KernelPartition]) -> Self {
        let partition = |found: &KernelPartition| Partition {
            number: found.number,
            start: found.start,
            size: found.size,
            role: PartitionRole::Primary,
            mbr_id: None,
            bootable: false,
            gpt: None,
            part_uuid: None,
            sector_size,
        };
        let partitions = found.iter().map(partition).collect();
        PartitionTable { kind, sector_size, gpt: None, mbr: None, partitions, disk_size }
    }

    /// The partition with this number.
    pub fn partition(&self, number: u32) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.number == number)
    }

    /// The partitions for which Linux makes devices, in the order of their numbers: those that begin on the disk,
    /// with numbers up to 255.
    pub fn devices(&self) -> impl Iterator<Item = &Partition> {
        let mut devices: Vec<_> = self.partitions.iter().collect();
        devices.retain(|partition| partition.number <= MAX_DEVICES && partition.start < self.disk_size);
        devices.sort_by_key(|partition| partition.number);
        devices.into_iter()
    }

    /// The partitions as parted lists them: by place on the disk, without those inside slices.
    pub fn by_position(&self) -> impl Iterator<Item = &Partition> {
        let mut listed: Vec<_> = self.partitions.iter().collect();
        listed.retain(|partition| partition.role != PartitionRole::Nested);
        // An extended partition comes before the logical one that may begin with it.
        listed.sort_by_key(|partition| (partition.start, partition.role != PartitionRole::Extended));
        listed.into_iter()
    }

    /// Whether all partitions end on the disk. parted refuses a table where one doesn't.
    pub fn fits(&self) -> bool {
        self.partitions.iter().all(|partition| partition.start.saturating_add(partition.size) <= self.disk_size)
    }
}

impl Partition {
    /// The last byte, as `part_list` gives it.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.size).saturating_sub(1)
    }

    /// Bytes of the device that Linux makes of it. It shows of an extended partition only room for a boot loader,
    /// so that nobody makes a filesystem over the logical ones: 1 KiB, or one sector where that is more.
    pub fn device_size(&self) -> u64 {
        match self.role {
            PartitionRole::Extended => self.size.min(u64::from(self.sector_size).max(1024)),
            _ => self.size,
        }
    }

    /// Its bytes, from the disk that the table was read from. A part past the disk's end is cut off.
    pub fn open(&self, disk: Source) -> Result<Window<Source>> {
        Window::new(disk, self.start, self.device_size())
    }
}

/// What stands at the beginning of a disk.
enum Found<'a> {
    Gpt(Sectors<'a>),
    Mbr(Sectors<'a>, BootRecord),
    Foreign(TableKind),
    Nothing,
}

/// Looks in Linux's order (`check_part` of `block/partitions/core.c`): a hybrid ISO image, say, has an MBR and an Apple
/// map, and the MBR counts.
fn find(disk: &dyn ReadAt, sector_size: Option<u32>) -> Result<Found<'_>> {
    let sizes = match &sector_size {
        Some(size) if (512..=4096).contains(size) && size.is_power_of_two() => std::slice::from_ref(size),
        Some(size) => return Err(Error::usage(format!("sectors of {size} bytes"))),
        None => &SECTOR_SIZES[..],
    };
    let default = sizes.first().copied().unwrap_or(512);
    let mut sector = vec![0; 512];
    if disk.read_at(&mut sector, 0)? < sector.len() {
        return Ok(Found::Nothing);
    }
    let record = BootRecord::parse(&sector)?;
    if record.as_ref().is_some_and(BootRecord::is_protective) {
        let gpt = sizes.iter().map(|&size| Sectors::new(disk, size)).find(|&sectors| gpt::has_mark(sectors));
        // Without any header it is what remains of a wiped GPT: Linux finds nothing, and nor do we.
        return Ok(gpt.map_or(Found::Nothing, Found::Gpt));
    }
    let foreign = foreign::recognise(disk)?;
    match (foreign, record) {
        (Some(kind @ (TableKind::Dvh | TableKind::Aix)), _) => Ok(Found::Foreign(kind)),
        (_, Some(record)) if record.is_partition_table() => Ok(Found::Mbr(Sectors::new(disk, default), record)),
        (Some(kind), _) => Ok(Found::Foreign(kind)),
        (None, _) => Ok(Found::Nothing),
    }
}
