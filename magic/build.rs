//! Builds libmagic twice: as a program of this machine that compiles the magic into a database, and as the library.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What both are made of, in `vendor/src`.
const SOURCES: [&str; 20] = [
    "apprentice",
    "ascmagic",
    "buffer",
    "cdf",
    "cdf_time",
    "der",
    "encoding",
    "fmtcheck",
    "fsmagic",
    "funcs",
    "is_csv",
    "is_json",
    "is_tar",
    "magic",
    "print",
    "readcdf",
    "readelf",
    "softmagic",
    "strlcat",
    "strlcpy",
];

/// The version, as `magic.h` tells it.
const VERSION: &str = "544";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    for input in ["build.rs", "c", "vendor"] {
        println!("cargo:rerun-if-changed={input}");
    }
    let header = fs::read_to_string("vendor/src/magic.h.in")?;
    fs::write(out.join("magic.h"), header.replace("X.YY", VERSION))?;

    // The database is written in this machine's byte order, and is read in place.
    let here_is = if cfg!(target_endian = "little") { "little" } else { "big" };
    if env::var("CARGO_CFG_TARGET_ENDIAN")? != here_is {
        return Err("libmagic's database can't be compiled here for a machine of the other byte order".into());
    }
    compile_database(&here, &out)?;
    build(&out)
        .define("GLASSBOX_GUEST", None)
        .files(sources())
        .files(["c/guest.c", "c/zmagic.c"])
        // libmagic parses what guests hold: let the compiler check what it can.
        .flag_if_supported("-fstack-protector-strong")
        .flag_if_supported("-ftrivial-auto-var-init=zero")
        .define("_FORTIFY_SOURCE", if optimised() { "2" } else { "0" })
        .compile("glassbox_magic");
    Ok(())
}

fn sources() -> impl Iterator<Item = String> {
    SOURCES.iter().map(|name| format!("vendor/src/{name}.c"))
}

/// What both builds have in common.
fn build(out: &Path) -> cc::Build {
    let mut build = cc::Build::new();
    build.include("c").include(out).include("vendor/src").define("HAVE_CONFIG_H", None).warnings(false);
    build.flag_if_supported("-fvisibility=hidden");
    build
}

/// `_FORTIFY_SOURCE` needs an optimising compiler.
fn optimised() -> bool {
    env::var("OPT_LEVEL").is_ok_and(|level| level != "0")
}

/// Makes `magic.mgc` of `vendor/magic/Magdir`, by a program that runs here, whatever machine is built for.
fn compile_database(here: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let host = env::var("HOST")?;
    let compiler = build(out).target(&host).host(&host).opt_level(0).debug(false).try_get_compiler()?;
    let program = out.join("compile");
    run(compiler.to_command().args(sources()).arg("c/compile.c").arg("-o").arg(&program))?;
    run(Command::new(&program).arg(here.join("vendor/magic/Magdir")).current_dir(out))?;
    fs::rename(out.join("Magdir.mgc"), out.join("magic.mgc"))?;
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}
