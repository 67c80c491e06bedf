//! A project in a folder of its own and the binary run in it, with no variable that a test did not set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// The subscription of the shipped environments, where nobody sets another.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// A project, and the variables that its commands see.
pub struct TestEnv {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl TestEnv {
    /// An empty project.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let home = folder.path().join("home");
        for made in [&home, &folder.path().join("environments")] {
            std::fs::create_dir_all(made).unwrap();
        }
        let variables = [
            ("HOME", home.to_str().unwrap()),
            ("PATH", "/usr/bin:/bin"),
            ("COLUMNS", "80"),
            ("NO_COLOR", "1"),
            ("USER", "somebody"),
            ("HOSTNAME", "somewhere"),
        ];
        let variables = variables.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        Self { folder, variables }
    }

    /// A project with the demo that is shipped.
    pub fn demo() -> Self {
        let env = Self::new();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments/demo.yaml");
        env.write("environments/demo.yaml", &std::fs::read_to_string(shipped).unwrap());
        env
    }

    /// A project with one environment of this text.
    pub fn with(name: &str, text: &str) -> Self {
        let env = Self::new();
        env.write(&format!("environments/{name}.yaml"), text);
        env
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn write(&self, relative: &str, text: &str) {
        std::fs::write(self.path(relative), text).unwrap();
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap()
    }

    pub fn json(&self, relative: &str) -> Json {
        serde_json::from_str(&self.read(relative)).unwrap()
    }

    /// Replaces a stretch of the demo that must stand there once.
    pub fn edit_demo(&self, from: &str, to: &str) {
        let text = self.read("environments/demo.yaml");
        assert_eq!(text.matches(from).count(), 1, "{from} stands once in the demo");
        self.write("environments/demo.yaml", &text.replace(from, to));
    }

    /// The command, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().envs(&self.variables).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs it, and expects an exit code.
    #[track_caller]
    pub fn expect(&self, status: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.status, status, "landfall {}\n{}", arguments.join(" "), ran.shown());
        ran
    }

    /// Every file of the project, by its path within it.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        fn collect(root: &Path, folder: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(root, &path, out);
                } else {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    out.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
        let mut out = BTreeMap::new();
        collect(self.folder.path(), self.folder.path(), &mut out);
        out
    }
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Standard output, as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}):\n{}", self.shown()))
    }

    /// All of it, without what differs from run to run: durations, and identifiers that the sandbox makes up.
    pub fn shown(&self) -> String {
        let text = format!("status {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr);
        redacted(&text)
    }
}

/// Without what differs from run to run.
pub fn redacted(text: &str) -> String {
    let replace = |text: String, pattern: &str, by: &str| {
        regex_lite::Regex::new(pattern).unwrap().replace_all(&text, by).into_owned()
    };
    let text = replace(text.to_owned(), r"\b\d+(\.\d+)? s\b", "[time]");
    // Told of a step that takes longer than a moment: on a busy machine, any does.
    let text = replace(text, r"(?m)^([✓✗] .*?) +\[time\]$", "$1");
    let text = replace(text, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[timestamp]");
    // How many notes share a write of the state is a matter of how fast each goes.
    let text = replace(text, r"\brecord \d+,", "record [serial],");
    let text = replace(text, r"\bserial \d+\b", "serial [serial]");
    let text = replace(text, "\"lineage\": \"[0-9a-f-]{36}\"", "\"lineage\": \"[guid]\"");
    // Version 5: derived by the sandbox, or by landfall from what the sandbox made up. Roles are of version 4.
    replace(text, "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[guid]")
}

/// The steps of a plan as `action address`, with the paths that change.
pub fn steps(plan: &Json) -> Vec<String> {
    let list = |value: &Json| value.as_array().cloned().unwrap_or_default();
    let one = |step: &Json| {
        let paths: Vec<String> =
            list(&step["changes"]).iter().map(|c| c["path"].as_str().unwrap().to_owned()).collect();
        format!("{} {}: {}", step["action"].as_str().unwrap(), step["address"].as_str().unwrap(), paths.join(" "))
    };
    list(&plan["steps"]).iter().map(one).collect()
}
