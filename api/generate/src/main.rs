//! `cargo run -p glassbox-api-generate` rewrites `api/src/generated` from `api/calls`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match glassbox_api_generate::generate().and_then(|files| glassbox_api_generate::write(&files)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("glassbox-api-generate: {error}");
            ExitCode::FAILURE
        }
    }
}
