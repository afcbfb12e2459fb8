//! What an appliance is to be like.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bstr::BString;

/// The memory of an appliance unless another size is asked for, in MiB: libguestfs's.
pub const DEFAULT_MEMORY: u32 = 1280;

/// How the guest's code is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accelerator {
    /// By KVM if it works here, else by translation.
    #[default]
    Auto,
    /// By translation (TCG).
    Tcg,
    /// By KVM, or not at all.
    Kvm,
}

/// Takes what the guest and qemu print.
pub type Console = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What an appliance is to be like. The default fits the template: anything else in `memory`, `cpus`, `network`, `append` and
/// `arguments` boots from scratch.
#[derive(Clone)]
pub struct Options {
    /// The guest's memory, MiB.
    pub memory: u32,
    /// Virtual CPUs.
    pub cpus: u32,
    /// Whether the guest reaches the network, by qemu's user mode.
    pub network: bool,
    /// More words for the kernel's command line.
    pub append: Option<BString>,
    /// The hypervisor; `None` looks for qemu.
    pub hv: Option<PathBuf>,
    /// More arguments for it.
    pub arguments: Vec<OsString>,
    /// How the guest's code is run.
    pub accelerator: Accelerator,
    /// Directories that may hold a fixed appliance, which is then used instead of one of the host's parts.
    pub path: Vec<PathBuf>,
    /// The kernel; `None` takes the host's newest.
    pub kernel: Option<crate::Kernel>,
    /// The object that holds the daemon; `None` takes the one that this code is in.
    pub daemon: Option<PathBuf>,
    /// Where built appliances are kept; `None` takes the user's cache directory.
    pub cache: Option<PathBuf>,
    /// Where temporary files are made: what is written to drives that are only read.
    pub tmp: PathBuf,
    /// Whether the guest's kernel and daemon tell what they do.
    pub verbose: bool,
    /// Whether templates are made and restored.
    pub template: bool,
    /// Whether a process watches over ours, so that qemu ends when it is killed.
    pub watcher: bool,
    /// Takes what the guest and qemu print, in a thread of its own.
    pub console: Option<Console>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            memory: DEFAULT_MEMORY,
            cpus: 1,
            network: false,
            append: None,
            hv: None,
            arguments: Vec::new(),
            accelerator: Accelerator::Auto,
            path: Vec::new(),
            kernel: None,
            daemon: None,
            cache: None,
            tmp: std::env::temp_dir(),
            verbose: false,
            template: true,
            watcher: true,
            console: None,
        }
    }
}

impl Options {
    /// Whether a restored template is what was asked for.
    pub(crate) fn fits_template(&self) -> bool {
        self.template
            && self.memory == DEFAULT_MEMORY
            && self.cpus == 1
            && !self.network
            && self.append.is_none()
            && self.arguments.is_empty()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("memory", &self.memory)
            .field("cpus", &self.cpus)
            .field("network", &self.network)
            .field("append", &self.append)
            .field("hv", &self.hv)
            .field("arguments", &self.arguments)
            .field("accelerator", &self.accelerator)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
