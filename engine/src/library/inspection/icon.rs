//! Icons: pictures that distributions install at a known place. The guest's filesystems must be mounted.

use bstr::{BStr, ByteSlice};
use glassbox_api::options::{InspectGetIconOpts, IsFileOpts};
use glassbox_api::{FilesRead, Inspection};
use glassbox_io::Result;

use crate::handle::Handle;
use crate::picture::{self, PNG_SIGNATURE};

/// What follows a PNG's signature: the length and the type of the header chunk (11.2.1), then width and height.
const HEADER_CHUNK: &[u8] = b"\0\0\0\x0dIHDR";
/// Bytes from the beginning to the end of the height.
const GEOMETRY_END: usize = 24;
/// The width and height of what may be an icon, in pixels.
const SIZES: std::ops::RangeInclusive<u32> = 16..=1024;

/// Bytes of a program that is searched for a picture: more than the real one has, and little enough to be held in memory.
const LARGEST_PROGRAM: i64 = 32 << 20;
/// Bytes of a text that is drawn.
const LARGEST_TEXT: i32 = 64 << 10;
/// The rows of the first state of Windows 7's start button, with the row that follows, as libguestfs cuts it.
const START_BUTTON: usize = 55;

/// Where pictures are, and how large the file may be in bytes. 0: as large as the picture's pixels, uncompressed.
type Places = &'static [(&'static str, i64)];

const FAVICON: &str = "/etc/favicon.png";

/// The icon of the system whose root filesystem is `root`; empty if it has none.
pub fn icon(g: &mut Handle, root: &BStr, opts: &InspectGetIconOpts) -> Result<Vec<u8>> {
    let os_type = g.inspect_get_type(root)?;
    let distro = g.inspect_get_distro(root)?;
    let high_quality = opts.highquality.unwrap_or(false);
    // Favicons are small.
    if opts.favicon.unwrap_or(true) && !high_quality {
        let path = match os_type == "windows" {
            true => g.case_sensitive_path(FAVICON.into()).unwrap_or_else(|_| FAVICON.into()),
            false => FAVICON.into(),
        };
        if let Some(icon) = png(g, path.as_bstr(), 0)? {
            return Ok(icon);
        }
    }
    if !matches!(os_type.as_slice(), b"linux" | b"hurd") {
        return if os_type == "windows" && !high_quality { windows(g, root) } else { Ok(Vec::new()) };
    }
    let major = g.inspect_get_major_version(root)?;
    for (path, largest) in places(distro.as_bstr(), major, high_quality) {
        if let Some(icon) = png(g, (*path).into(), *largest)? {
            return Ok(icon);
        }
    }
    if distro == "cirros" && g.is_file("/usr/share/cirros/logo".into(), follow())? {
        let logo = g.pread("/usr/share/cirros/logo".into(), LARGEST_TEXT, 0)?;
        return Ok(picture::draw(&logo).to_png());
    }
    Ok(Vec::new())
}

fn places(distro: &BStr, major: i32, high_quality: bool) -> Places {
    match distro.as_bytes() {
        b"fedora" => &[("/usr/share/icons/hicolor/96x96/apps/fedora-logo-icon.png", 0)],
        b"rhel" | b"redhat-based" | b"centos" | b"circle" | b"rocky" | b"scientificlinux" | b"oraclelinux" => {
            match major {
                ..7 => &[("/usr/share/pixmaps/redhat/shadowman-transparent.png", 100 << 10)],
                _ => &[("/usr/share/pixmaps/fedora-logo-sprite.png", 100 << 10)],
            }
        }
        b"debian" => &[("/usr/share/pixmaps/debian-logo.png", 2 << 10)],
        b"ubuntu" if !high_quality => &[
            ("/usr/share/icons/gnome/24x24/places/ubuntu-logo.png", 2 << 10),
            ("/usr/share/help/C/ubuntu-help/figures/ubuntu-logo.png", 2 << 10),
        ],
        b"mageia" => &[("/usr/share/icons/mageia.png", 2 << 10)],
        b"suse-based" | b"opensuse" | b"sles" => &[("/usr/share/icons/hicolor/24x24/apps/distributor.png", 2 << 10)],
        b"voidlinux" => &[("/usr/share/void-artwork/void-logo.png", 20 << 10)],
        b"altlinux" => &[("/usr/share/icons/hicolor/48x48/apps/altlinux.png", 20 << 10)],
        _ => &[],
    }
}

/// Windows 8 has a picture of its own. Some before it have theirs within a program; others have none that is known.
fn windows(g: &mut Handle, root: &BStr) -> Result<Vec<u8>> {
    let version = (g.inspect_get_major_version(root)?, g.inspect_get_minor_version(root)?);
    match version {
        (6, 2) => {
            let path = g.case_sensitive_path("/ProgramData/Microsoft/Windows Live/WLive48x48.png".into());
            let Ok(path) = path else { return Ok(Vec::new()) };
            Ok(png(g, path.as_bstr(), 8 << 10)?.unwrap_or_default())
        }
        (5, 1) => Ok(explorer(g, root, "", 143)?.map(|picture| picture.to_png()).unwrap_or_default()),
        (6, 1) => {
            // The 32-bit program of a 64-bit system has it too.
            let found = match explorer(g, root, "/SysWOW64", 6801)? {
                None => explorer(g, root, "", 6801)?,
                found => found,
            };
            // A strip of the button's states, one below the other.
            Ok(found.map(|strip| strip.top(START_BUTTON).to_png()).unwrap_or_default())
        }
        _ => Ok(Vec::new()),
    }
}

/// A bitmap of Windows' shell, in this folder of its system's root.
fn explorer(g: &mut Handle, root: &BStr, folder: &str, number: u32) -> Result<Option<picture::Picture>> {
    let systemroot = g.inspect_get_windows_systemroot(root)?;
    let path = format!("{systemroot}{folder}/explorer.exe");
    let Ok(path) = g.case_sensitive_path(path.as_str().into()) else { return Ok(None) };
    if !g.is_file(path.as_bstr(), follow())? || g.filesize(path.as_bstr())? > LARGEST_PROGRAM {
        return Ok(None);
    }
    let program = g.read_file(path.as_bstr())?;
    Ok(picture::bitmap(&program, number).unwrap_or_else(|error| {
        g.warn(&format!("no icon in {path}: {error}"));
        None
    }))
}

fn follow() -> IsFileOpts {
    IsFileOpts { followsymlinks: Some(true) }
}

/// The PNG image at `path`; `None` if there is no file, or it isn't a PNG of a reasonable size.
fn png(g: &mut Handle, path: &BStr, largest: i64) -> Result<Option<Vec<u8>>> {
    if !g.is_file(path, follow())? {
        return Ok(None);
    }
    let Some((width, height)) = geometry(&g.pread(path, GEOMETRY_END as i32, 0)?) else { return Ok(None) };
    if !(SIZES.contains(&width) && SIZES.contains(&height)) {
        return Ok(None);
    }
    let largest = if largest == 0 { 4 * i64::from(width) * i64::from(height) } else { largest };
    match g.filesize(path)? <= largest {
        true => g.read_file(path).map(Some),
        false => Ok(None),
    }
}

/// The width and the height of a PNG, in pixels.
fn geometry(beginning: &[u8]) -> Option<(u32, u32)> {
    let header = beginning.strip_prefix(PNG_SIGNATURE)?.strip_prefix(HEADER_CHUNK)?;
    let (width, height) = header.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height.first_chunk()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geometry_of_a_png() {
        let picture = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x30\0\0\x01\0\x08\x06";
        assert_eq!(geometry(picture), Some((48, 256)));
        assert_eq!(geometry(&picture[..20]), None);
        assert_eq!(geometry(b"GIF89a"), None);
    }
}
