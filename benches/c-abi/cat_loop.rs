//! The same as `cat_loop.c` through the Rust API.

use std::hint::black_box;
use std::time::Instant;

use glassbox_api::{Drives, FilesRead, Launching, Mounting};

fn main() -> glassbox_io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, image, device, path, rounds] = &arguments[..] else {
        return Err(glassbox_io::Error::usage("cat_loop IMAGE DEVICE PATH ROUNDS"));
    };
    let rounds: u32 = rounds.parse().map_err(|_| glassbox_io::Error::usage("ROUNDS is a number"))?;
    let mut g = glassbox_engine::Handle::new()?;
    g.add_drive_ro(image.as_str().into())?;
    g.launch()?;
    g.mount_ro(device.as_str().into(), "/".into())?;
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(g.cat(path.as_str().into())?);
    }
    println!("{}", start.elapsed().as_nanos() / u128::from(rounds));
    Ok(())
}
