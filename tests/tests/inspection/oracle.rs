//! What inspection tells of disks: asked of real libguestfs once, by its Python bindings, and of ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use bstr::{BStr, BString, ByteSlice};
use glassbox_api::{Inspection, Mounting};
use glassbox_engine::Handle;
use glassbox_io::Result;
use glassbox_tests::fixture;
use glassbox_tests::needs::{PYTHON_GUESTFS, has_programs};
use glassbox_tests::oracle::{ENVIRONMENT, HYPERVISOR};
use sha2::{Digest, Sha256};

/// Answers by `ROOT CALL`. An error's words are each library's own; that it is one is compared.
pub type Answers = BTreeMap<String, String>;

/// Asks every call of the group that is about a root, of every root and of a device that is none; where the first argument
/// says so, the applications too, which takes mounting every root.
const SCRIPT: &str = r#"
import guestfs, sys
g = guestfs.GuestFS(python_return_dict=False)
for disk in sys.argv[2:]:
    g.add_drive_ro(disk)
g.launch()

def text(value):
    if isinstance(value, list):
        return ",".join("=".join(item) if isinstance(item, tuple) else item for item in value)
    return str(value)

def ask(root, call):
    try:
        answer = text(getattr(g, "inspect_" + call)(root))
    except RuntimeError:
        answer = "error"
    print(root, call, answer, sep="\t")

calls = """get_arch get_distro get_drive_mappings get_filesystems get_format get_hostname get_major_version get_minor_version
    get_mountpoints get_osinfo get_package_format get_package_management get_product_name get_product_variant get_type
    get_windows_current_control_set get_windows_software_hive get_windows_system_hive get_windows_systemroot is_live
    is_multipart is_netinst""".split()
for call in calls:
    ask("/dev/sda2", call)
roots = g.inspect_os()
print("", "roots", text(roots), sep="\t")
print("", "get_roots", text(g.inspect_get_roots()), sep="\t")
print("", "mounts", text(g.mounts()), sep="\t")
for root in roots + ["/dev/sda", "/dev/nonsense"]:
    for call in calls:
        ask(root, call)

fields = """name display_name epoch version release arch install_path trans_path publisher url source_package summary
    description""".split()
for root in roots if sys.argv[1] == "applications" else []:
    for path, device in sorted(g.inspect_get_mountpoints(root)):
        # Read-write: librpm opens no database in SQLite otherwise. The changes are thrown away.
        g.mount(device, path)
    for number, application in enumerate(g.inspect_list_applications2(root)):
        values = [str(application["app2_" + field]) for field in fields]
        print(root, "application %d" % number, "|".join(values).replace("\n", "\\n"), sep="\t")
    g.umount_all()
"#;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Questions {
    /// Every call about a root.
    Roots,
    /// And which applications there are.
    Applications,
}

/// What real libguestfs says of `disks`; `None` where it isn't installed. Kept under the digest of `description`, which
/// tells what is on the disks.
pub fn real(disks: &[PathBuf], description: &str, questions: Questions) -> Option<Answers> {
    if !has_programs("inspection beside libguestfs's", &[PYTHON_GUESTFS]) {
        return None;
    }
    let digest = Sha256::new().chain_update(SCRIPT).chain_update(description).finalize();
    let kept = fixture("guests").join(format!("oracle-inspection-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]));
    if !kept.exists() {
        let output = Command::new("timeout")
            .args(["--signal=KILL", "1200", "/usr/bin/python3", "-W", "ignore", "-c", SCRIPT])
            .arg(if questions == Questions::Applications { "applications" } else { "roots" })
            .args(disks)
            .env_clear()
            .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root"), ("LC_ALL", "C.UTF-8")])
            .envs(ENVIRONMENT.into_iter().chain([HYPERVISOR]))
            .output()
            .expect("timeout is part of every system");
        assert!(output.status.success(), "{}", output.stderr.as_bstr());
        let partial = kept.with_extension("partial");
        fs::write(&partial, &output.stdout).expect("the fixture's folder is writable");
        fs::rename(&partial, &kept).expect("the answers can be kept");
    }
    let lines = fs::read_to_string(&kept).expect("the answers were kept");
    Some(lines.lines().map(answer).collect())
}

fn answer(line: &str) -> (String, String) {
    let mut fields = line.splitn(3, '\t');
    let mut field = || fields.next().expect("the script prints three fields");
    let (root, call) = (field(), field());
    (format!("{root} {call}"), field().to_owned())
}

/// What we say of the same disks.
pub fn ours(g: &mut Handle) -> Answers {
    let mut answers = Answers::new();
    ask_all(g, "/dev/sda2", &mut answers);
    let roots = g.inspect_os().expect("inspection doesn't fail");
    answers.insert(" roots".into(), list(&roots));
    answers.insert(" get_roots".into(), list(&g.inspect_get_roots().expect("this never fails")));
    answers.insert(" mounts".into(), list(&g.mounts().expect("this never fails")));
    for root in roots.iter().map(|root| root.to_string()).chain(["/dev/sda".into(), "/dev/nonsense".into()]) {
        ask_all(g, &root, &mut answers);
    }
    answers
}

/// The applications of every root that [`ours`] found.
pub fn our_applications(g: &mut Handle) -> Answers {
    let mut answers = Answers::new();
    for root in g.inspect_get_roots().expect("this never fails") {
        let mut mountpoints = g.inspect_get_mountpoints(root.as_bstr()).expect("it is a root");
        mountpoints.sort();
        for (path, device) in mountpoints {
            g.mount_ro(device.as_bstr(), path.as_bstr()).expect("its filesystems can be mounted");
        }
        let applications = g.inspect_list_applications2(root.as_bstr()).expect("they can be listed");
        g.umount_all().expect("nothing is in use");
        for (number, a) in applications.into_iter().enumerate() {
            let epoch = a.app2_epoch.to_string().into();
            let named = [a.app2_name, a.app2_display_name, epoch, a.app2_version, a.app2_release, a.app2_arch];
            let placed = [a.app2_install_path, a.app2_trans_path, a.app2_publisher, a.app2_url, a.app2_source_package];
            let told = [a.app2_summary, a.app2_description];
            let line = bstr::join("|", named.iter().chain(&placed).chain(&told));
            let line = line.to_str_lossy().replace('\n', "\\n");
            answers.insert(format!("{root} application {number}"), line);
        }
    }
    answers
}

fn ask_all(g: &mut Handle, root: &str, answers: &mut Answers) {
    fn string(value: Result<BString>) -> Result<String> {
        value.map(|value| value.to_string())
    }
    fn number<T: Into<i64>>(value: Result<T>) -> Result<String> {
        value.map(|value| value.into().to_string())
    }
    let name: &BStr = root.as_bytes().as_bstr();
    let mut add = |call: &str, answer: Result<String>| {
        answers.insert(format!("{root} {call}"), answer.unwrap_or_else(|_| "error".into()));
    };
    add("get_arch", string(g.inspect_get_arch(name)));
    add("get_distro", string(g.inspect_get_distro(name)));
    add("get_drive_mappings", g.inspect_get_drive_mappings(name).map(|all| pairs(&all)));
    add("get_filesystems", g.inspect_get_filesystems(name).map(|all| list(&all)));
    add("get_format", string(g.inspect_get_format(name)));
    add("get_hostname", string(g.inspect_get_hostname(name)));
    add("get_major_version", number(g.inspect_get_major_version(name)));
    add("get_minor_version", number(g.inspect_get_minor_version(name)));
    add("get_mountpoints", g.inspect_get_mountpoints(name).map(|all| pairs(&all)));
    add("get_osinfo", string(g.inspect_get_osinfo(name)));
    add("get_package_format", string(g.inspect_get_package_format(name)));
    add("get_package_management", string(g.inspect_get_package_management(name)));
    add("get_product_name", string(g.inspect_get_product_name(name)));
    add("get_product_variant", string(g.inspect_get_product_variant(name)));
    add("get_type", string(g.inspect_get_type(name)));
    add("get_windows_current_control_set", string(g.inspect_get_windows_current_control_set(name)));
    add("get_windows_software_hive", string(g.inspect_get_windows_software_hive(name)));
    add("get_windows_system_hive", string(g.inspect_get_windows_system_hive(name)));
    add("get_windows_systemroot", string(g.inspect_get_windows_systemroot(name)));
    add("is_live", number(g.inspect_is_live(name)));
    add("is_multipart", number(g.inspect_is_multipart(name)));
    add("is_netinst", number(g.inspect_is_netinst(name)));
}

fn list(all: &[BString]) -> String {
    all.iter().map(BString::to_string).collect::<Vec<_>>().join(",")
}

fn pairs(all: &[(BString, BString)]) -> String {
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}
