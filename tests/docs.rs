//! Every relative link of README.md and of the pages in docs leads to something that is there.

#![expect(clippy::unwrap_used, reason = "a test fails when it cannot read")]

use std::path::{Path, PathBuf};

/// The targets of the links in a page that lead into the project, without their fragments. Code is not looked at.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    let targets = prose
        .flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect::<Vec<_>>());
    let outside = |target: &&str| target.contains("://") || target.starts_with("mailto:") || target.starts_with('#');
    targets.filter(|t| !outside(t)).map(|t| t.split('#').next().unwrap_or_default()).collect()
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|e| e == "md"));
    pages.chain(std::iter::once(root.join("README.md")).filter(|p| p.exists())).collect()
}

#[test]
fn links_are_found() {
    let text = "[a](docs/a.md#part) and [b](https://b) ![c](c.svg \"d\")\n```\n[x](y)\n```\n[here](#there)\n";
    assert_eq!(links(text), ["docs/a.md", "c.svg"]);
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let folder = page.parent().unwrap();
        let missing = links(&text).into_iter().filter(|link| !folder.join(link).exists());
        broken.extend(missing.map(|link| format!("{}: {link}", page.file_name().unwrap().to_string_lossy())));
    }
    assert_eq!(broken, Vec::<String>::new());
}
