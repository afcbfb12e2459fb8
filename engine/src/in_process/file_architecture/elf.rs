//! The machine that an ELF file is for (System V ABI, "ELF Header").

use glassbox_io::{Fields, Result};

/// `e_ident`'s first bytes.
pub const MAGIC: &[u8] = b"\x7fELF";
/// As much of the header as is read: to the end of `e_machine`.
const HEADER: usize = 20;

/// `EI_CLASS` and its values.
const EI_CLASS: usize = 4;
const ELFCLASS32: u8 = 1;
const ELFCLASS64: u8 = 2;
/// `EI_DATA` and its values.
const EI_DATA: usize = 5;
const ELFDATA2LSB: u8 = 1;
const ELFDATA2MSB: u8 = 2;
/// `e_type`: relocatable, executable, shared object. Core dumps tell of the machine that they were made on, but aren't
/// for one.
const ET_PROGRAMS: std::ops::RangeInclusive<u16> = 1..=3;

/// The architecture of an ELF program, library or module that begins with `bytes`; `None` if it is another file.
pub fn architecture(bytes: &[u8]) -> Option<&'static str> {
    let machine = Machine::read(Fields::new(bytes)).ok()??;
    machine.architecture()
}

/// What of the header tells the architecture.
struct Machine {
    is_64_bit: bool,
    is_little_endian: bool,
    number: u16,
}

impl Machine {
    fn read(header: Fields<'_>) -> Result<Option<Self>> {
        let header = header.at(0, HEADER)?;
        let is_64_bit = match header.u8(EI_CLASS)? {
            ELFCLASS32 => false,
            ELFCLASS64 => true,
            _ => return Ok(None),
        };
        let (is_little_endian, kind, number) = match header.u8(EI_DATA)? {
            ELFDATA2LSB => (true, header.le16(16)?, header.le16(18)?),
            ELFDATA2MSB => (false, header.be16(16)?, header.be16(18)?),
            _ => return Ok(None),
        };
        let is_program = header.bytes().starts_with(MAGIC) && ET_PROGRAMS.contains(&kind);
        Ok(is_program.then_some(Machine { is_64_bit, is_little_endian, number }))
    }

    /// In libguestfs's words; where it has none of its own, in libmagic's, as libguestfs returns them.
    fn architecture(&self) -> Option<&'static str> {
        Some(match self.number {
            2 | 18 => "sparc",
            3 | 6 => "i386",
            4 => "Motorola m68k",
            8 | 10 => "MIPS",
            15 => "PA-RISC",
            20 => "ppc",
            21 if self.is_little_endian => "ppc64le",
            21 => "ppc64",
            22 if self.is_64_bit => "s390x",
            22 => "s390",
            40 => "arm",
            41 | 0x9026 => "Alpha",
            42 => "Renesas SH",
            43 => "sparc64",
            50 => "ia64",
            62 => "x86_64",
            75 => "Digital VAX",
            183 => "aarch64",
            243 if self.is_64_bit => "riscv64",
            243 => "riscv32",
            247 => "eBPF",
            252 => "C-SKY processor family",
            258 if self.is_64_bit => "loongarch64",
            258 => "LoongArch",
            _ => return None,
        })
    }
}
