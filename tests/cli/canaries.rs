//! Secrets go in by every door, and come out by none: what commands print at `-vvv` and leave on disk is searched for them, in
//! whatever form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use landfall::sandbox::{Answer, Fault, Pace, Response};
use serde_json::{Value as Json, json};

use crate::served::Served;
use crate::test_env::{Ran, TestEnv};

const HEAD: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n";
/// A secret of every kind of resource that has one.
const TEXT: &str = "registries:\n  landfallone:\n    sku: {name: Standard}\n    webhooks:\n      hook: {serviceUri: '${env:HOOK}', \
    customHeaders: {Authorization: '${env:HEADER}'}, status: enabled, actions: [push]}\nclusters:\n  aks:\n    networkProfile: \
    {networkPlugin: azure}\n    windowsProfile: {adminUsername: azureuser, adminPassword: '${env:PASSWORD}'}\n    nodePools:\n      \
    system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n    fluxConfigurations:\n      apps:\n        scope: cluster\n        \
    namespace: flux\n        sourceKind: GitRepository\n        gitRepository: {url: 'https://example.com/x', repositoryRef: {branch: \
    main}}\n        configurationProtectedSettings: {key: '${env:KEY}'}\n        kustomizations: {all: {path: ./all}}\n";

/// Secrets, by the door that they go in by.
#[derive(Default)]
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn add(&mut self, door: &'static str, secret: &str) -> String {
        self.0.push((door, secret.to_owned()));
        secret.to_owned()
    }

    /// The doors of those that stand in a text.
    fn found(&self, text: &str) -> Vec<&'static str> {
        let all = self.0.iter().filter(|(_, secret)| forms(secret).iter().any(|form| text.contains(form.as_str())));
        all.map(|(door, _)| *door).collect()
    }

    #[track_caller]
    fn none(&self, what: &str, text: &str) {
        let told: Vec<_> = text.lines().filter(|line| !self.found(line).is_empty()).collect();
        assert_eq!(self.found(text), Vec::<&str>::new(), "{what}:\n{}", told.join("\n"));
    }

    #[track_caller]
    fn none_printed(&self, what: &str, ran: &Ran) {
        self.none(what, &ran.stdout);
        self.none(what, &ran.stderr);
    }

    /// Runs a command, whatever comes of it.
    #[track_caller]
    fn run(&self, env: &TestEnv, command: &[&str]) -> Ran {
        let ran = env.run(command);
        assert!([0, 1, 2, 3, 4].contains(&ran.status), "landfall {} is told\n{}", command.join(" "), ran.shown());
        self.none_printed(&format!("landfall {} tells", command.join(" ")), &ran);
        ran
    }

    /// Of all files of the project, but for those that a person wrote.
    #[track_caller]
    fn none_kept(&self, env: &TestEnv, written: &[&str]) {
        for (name, bytes) in env.files() {
            let text = String::from_utf8_lossy(&bytes);
            if written.iter().any(|w| name.starts_with(w)) {
                continue;
            }
            self.none(&format!("the file {name} holds"), &text);
        }
    }
}

/// Plain, in JSON, in a URL, in Base64 at any offset, and each half: what is cut is still told.
fn forms(secret: &str) -> Vec<String> {
    let escaped = Json::String(secret.to_owned()).to_string();
    let percent: String = secret
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    let middle = secret.char_indices().nth(secret.chars().count() / 2).unwrap().0;
    let mut out = vec![
        secret.to_owned(),
        escaped[1..escaped.len() - 1].to_owned(),
        percent.replace("%20", "+"),
        percent,
        secret[..middle].to_owned(),
        secret[middle..].to_owned(),
    ];
    for before in 0..3 {
        let bytes = [vec![b' '; before], secret.as_bytes().to_vec()].concat();
        // What hangs on the neighbours is left out.
        let stable = |text: String| text[4..text.len() - 4].to_owned();
        out.push(stable(STANDARD_NO_PAD.encode(&bytes)));
        out.push(stable(URL_SAFE_NO_PAD.encode(&bytes)));
    }
    out
}

/// Answers so once.
fn answer(method: &str, path: &str, status: u16, body: &Json) -> Fault {
    Fault::respond(method, path, 1, status, body)
}

#[test]
fn a_canary_is_found_where_it_is() {
    let mut canaries = Canaries::default();
    let secret = canaries.add("test", "Ca\"nary 1\\ä+/=&Pa55word");
    let percent: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = json!({ "a": secret }).to_string();
    for text in
        [secret.clone(), percent, json, STANDARD_NO_PAD.encode(format!("user:{secret}!")), secret[..14].to_owned()]
    {
        assert_eq!(canaries.found(&format!("<{text}>")), ["test"], "{text}");
    }
    canaries.none("nothing", "Canary 1");
}

#[test]
fn secrets_of_an_environment() {
    let served = Served::start(Pace::instant(), std::time::Duration::ZERO);
    let mut env = TestEnv::with("one", &format!("{HEAD}{TEXT}"));
    served.join(&mut env);
    let mut canaries = Canaries::default();
    let password = canaries.add("a password", "Ca\"nary-7f3a \\Pa55+word!");
    let hook = canaries.add("a URL", "https://hooks.example.com/T0CANARY/B0CANARY?code=canary-of-a-hook");
    let header = canaries.add("a header", "Basic canary-of-a-header==");
    let key = canaries
        .add("a key of many lines", "-----BEGIN CANARY-----\nMIIcanary+/line\nof a key\n-----END CANARY-----\n");
    env.set("PASSWORD", &password).set("HOOK", &hook).set("HEADER", &header).set("KEY", &key);
    let client = canaries.add("the client's secret", "canary~of.a-client_8Q~");
    env.set("AZURE_CLIENT_SECRET", &client);
    let token = canaries.add("an access token", "eyJcanary0eXAiOiJKV1Qi.eyJjYW5hcnkiOjF9.c2lnbmVkLWNhbmFyeQ");
    let handed = json!({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token});
    served.sandbox.inject(Fault::respond("POST", "/oauth2/v2.0/token", u32::MAX, 200, &handed));

    let looks: [&[&str]; 12] = [
        &["validate", "--output", "json"],
        &["show", "one"],
        &["show", "one", "--output", "json"],
        &["plan", "one", "-vvv"],
        &["plan", "one", "-vvv", "--output", "json"],
        &["plan", "one", "-vvv", "--out", "one.plan"],
        &["show", "--plan", "one.plan"],
        &["show", "--plan", "one.plan", "--output", "json"],
        &["graph", "one"],
        &["explain", "clusters.windowsProfile.adminPassword"],
        &["drift", "one", "-vvv"],
        &["state", "list", "one"],
    ];
    for command in looks {
        canaries.run(&env, command);
    }
    // Azure repeats what it was told, in every way it knows, and then the gateway repeats what it was shown.
    let all = format!("adminPassword '{password}' is too weak; Authorization: Bearer {token}");
    let hooked = format!("{hook}; {header}");
    let percent: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
    let encoded = format!("told {} and {percent}", STANDARD_NO_PAD.encode(&password));
    let long = format!("{}{key}", "word ".repeat(396));
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message, "target": message}});
    let nested = json!({"code": "BadRequest", "message": format!("it said {}", error("InvalidParameter", &all))});
    let failing = Fault {
        method: "PUT".into(),
        path_contains: "managedClusters/aks".into(),
        times: 1,
        answer: Answer::Fail(
            json!({"code": "InvalidParameter", "message": all, "details": [{"code": password, "message": encoded}]}),
        ),
    };
    let html = Fault {
        method: "PUT".into(),
        path_contains: "registries/landfallone/webhooks".into(),
        times: 1,
        answer: Answer::Respond(Response {
            status: 403,
            headers: Vec::new(),
            body: format!("<html><h1>{hook} {header}</h1></html>").into_bytes(),
        }),
    };
    let faults = [
        answer("PUT", "managedClusters/aks", 400, &error("InvalidParameter", &all)),
        answer("PUT", "managedClusters/aks", 400, &error("InvalidParameter", &encoded)),
        answer("PUT", "managedClusters/aks", 400, &nested),
        answer(
            "PUT",
            "managedClusters/aks",
            409,
            &error("OperationNotAllowed", &format!("another operation is in progress: {all}")),
        ),
        failing,
        html,
        answer("PUT", "registries/landfallone/webhooks", 400, &error(&hook, &hooked)),
        answer("PUT", "fluxConfigurations/apps", 400, &error("InvalidParameter", &long)),
        answer(
            "PUT",
            "fluxConfigurations/apps",
            403,
            &error("AuthorizationFailed", &format!("perform action '{key}' over scope '{key}'")),
        ),
        answer(
            "GET",
            "managedClusters/aks",
            401,
            &error("InvalidAuthenticationToken", &format!("the token {token} is no good")),
        ),
        answer("GET", "managedClusters/aks", 403, &error("AuthorizationFailed", &all)),
    ];
    for fault in faults {
        served.sandbox.inject(fault);
    }
    let mut failed = 0;
    for output in ["text", "json"].into_iter().cycle().take(20) {
        let ran = canaries.run(&env, &["apply", "one", "--yes", "-vvv", "--output", output]);
        if ran.status == 0 {
            break;
        }
        failed += 1;
        canaries.run(&env, &["state", "journal", "one", "--output", output]);
        canaries.run(&env, &["state", "pull", "one"]);
        canaries.none_kept(&env, &["environments/", "home/"]);
    }
    assert!((6..20).contains(&failed), "Azure's words were told {failed} times");
    let done: [&[&str]; 10] = [
        &["apply", "one", "--yes", "-vvv"],
        &["plan", "one", "-vvv", "--output", "json"],
        &["drift", "one", "-vvv", "--output", "json"],
        &["show", "one", "--output", "json"],
        &["state", "show", "one", "clusters.aks", "--output", "json"],
        &["state", "show", "one", "registries.landfallone.webhooks.hook"],
        &["state", "pull", "one"],
        &["state", "list", "one", "--output", "json"],
        &["plan", "one", "--exit-code"],
        &["destroy", "one", "--yes", "-vvv"],
    ];
    for command in done {
        assert_eq!(canaries.run(&env, command).status, 0, "landfall {}", command.join(" "));
        canaries.none_kept(&env, &["environments/", "home/"]);
    }
    for secret in [&password, &hook, &header, &key] {
        let sent =
            served.requests().iter().any(|r| r.method == "PUT" && r.body.to_string().contains(&forms(secret)[1]));
        assert!(sent, "Azure is told {secret}");
    }
}

#[test]
fn secrets_of_a_sandbox() {
    let mut env = TestEnv::with("one", &format!("{HEAD}{TEXT}"));
    let mut canaries = Canaries::default();
    env.set("PASSWORD", &canaries.add("a password", "Canary-7f3a-Pa55word!"));
    env.set("HOOK", &canaries.add("a URL", "https://hooks.example.com/T0CANARY/B0CANARY"));
    env.set("HEADER", &canaries.add("a header", "Basic canary-of-a-header=="));
    env.set("KEY", &canaries.add("a key", "canary-of-protected-settings"));
    for command in [
        &["plan", "one", "--sandbox", "-vvv", "--out", "one.plan"][..],
        &["apply", "one", "one.plan", "--sandbox", "--yes", "-vvv"],
        &["plan", "one", "--sandbox", "--exit-code", "--output", "json"],
        &["drift", "one", "--sandbox", "-vvv"],
    ] {
        assert_eq!(canaries.run(&env, command).status, 0, "landfall {}", command.join(" "));
    }
    // The sandbox's world is Azure, which was told.
    canaries.none_kept(&env, &["environments/", "home/", "state/.sandbox/world.json"]);
}

#[test]
fn secrets_in_a_file_that_is_wrong() {
    let mut canaries = Canaries::default();
    let secret = canaries.add("a file", "Canary-7f3a-in-a-file");
    let cluster =
        |profile: &str| format!("{HEAD}clusters:\n  aks:\n    windowsProfile: {profile}\n    nodePools: {{}}\n");
    let texts = [
        cluster(&format!("{{adminUsername: a, adminPassword: '{secret}'}}")),
        cluster(&format!("{{adminUsername: a, adminPasswrod: '{secret}'}}")),
        cluster(&format!("{{adminUsername: a, adminPassword: ['{secret}']}}")),
        cluster(&format!("{{adminUsername: a, adminPassword: {{x: '{secret}'}}}}")),
        cluster(&format!("{{adminUsername: a, adminPassword: '{secret}', nonsense: 1}}")),
        cluster(&format!("{{adminUsername: [], adminPassword: \"{secret}\" }}}}")),
        cluster(&format!("{{adminUsername: a, adminPassword: '{secret}', adminPassword: '{secret}'}}")),
        cluster(&format!("{{adminUsername: a, adminPassword: '{secret}")),
        cluster(
            &format!("\n      adminUsername: a\n      adminPassword: |\n        {secret}\n      other: {secret} : :\n")
                .replace(&format!("other: {secret} : :"), "other: x : :"),
        ),
        cluster(&format!("{{adminUsername: a, adminPassword: '{secret}${{env:NOBODY_SET_THIS}}'}}")),
        format!("{HEAD}registries:\n  one:\n    webhooks: {{hook: {{serviceUri: 'https://{secret}/x', status: 7}}}}\n"),
        format!(
            "{HEAD}state: {{blob: 'https://a.blob.core.windows.net/?sig={secret}', nonsense: 1}}\nregistries: {{}}\n"
        ),
        format!("{HEAD}state: {{blob: 'http://a.blob.core.windows.net/c?sig={secret}'}}\nregistries: {{}}\n"),
        format!("{HEAD}state: {{blbo: 'https://a.blob.core.windows.net/c?sig={secret}'}}\nregistries: {{}}\n"),
    ];
    for text in texts {
        let env = TestEnv::with("one", &text);
        assert_eq!(canaries.found(&env.read("environments/one.yaml")), ["a file"]);
        for command in [
            &["validate"][..],
            &["validate", "--output", "json"],
            &["show", "one", "--output", "json", "-vvv"],
            &["plan", "one", "--sandbox", "-vvv"],
            &["state", "pull", "one"],
        ] {
            canaries.run(&env, command);
        }
        canaries.none_kept(&env, &["environments/", "home/", "state/.sandbox/world.json"]);
    }
}

#[test]
fn secrets_of_a_login() {
    let served = Served::instant();
    let mut canaries = Canaries::default();
    let base = {
        let mut env = TestEnv::with("one", &format!("{HEAD}registries:\n  landfallone:\n    sku: {{name: Basic}}\n"));
        served.join(&mut env);
        env
    };
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let pem = key.serialize_pem();
    for line in pem.lines().filter(|line| !line.starts_with('-') && line.len() > 40) {
        canaries.add("a private key", line);
    }
    base.write("home/key.pem", &format!("{pem}{}", certificate.pem()));
    base.write(
        "home/broken.pem",
        &format!("{}{}", pem.replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\n%%"), certificate.pem()),
    );
    let federated = canaries.add("a federated token", "eyJcanary-federated.eyJpZCI6Mn0.c2lnbmVk");
    base.write("home/token", &federated);
    let proof = canaries.add("an ID token", "eyJcanary-id-token.eyJpZCI6MX0.c2lnbmVk");
    let [client, password, github, pipelines, header] = [
        ("the client's secret", "canary~of.a-client_8Q~"),
        ("a certificate's password", "canary-of-a-pem-keyword"),
        ("GitHub's token", "canary-of-github-actions"),
        ("Pipelines' token", "canary-of-devops-system"),
        ("a managed identity's header", "canary-of-an-identity"),
    ]
    .map(|(door, secret)| canaries.add(door, secret));
    let home = |name: &str| base.path(&format!("home/{name}")).to_str().unwrap().to_owned();
    let url = |name: &str| format!("{}/{name}?token=x", served.url());
    let logins: [(&str, Vec<(&str, String)>); 8] = [
        ("client-secret", vec![("AZURE_CLIENT_SECRET", client.clone())]),
        ("client-certificate", vec![("AZURE_CLIENT_CERTIFICATE_PATH", home("key.pem"))]),
        ("client-certificate", vec![("AZURE_CLIENT_CERTIFICATE_PATH", home("broken.pem"))]),
        (
            "client-certificate",
            vec![("AZURE_CLIENT_CERTIFICATE_PATH", home("key.pem")), ("AZURE_CLIENT_CERTIFICATE_PASSWORD", password)],
        ),
        ("workload-identity", vec![("AZURE_FEDERATED_TOKEN_FILE", home("token"))]),
        (
            "github",
            vec![("ACTIONS_ID_TOKEN_REQUEST_URL", url("github")), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", github.clone())],
        ),
        (
            "azure-pipelines",
            vec![
                ("SYSTEM_OIDCREQUESTURI", url("pipelines")),
                ("SYSTEM_ACCESSTOKEN", pipelines.clone()),
                ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "11111111-1111-4111-8111-111111111111".to_owned()),
            ],
        ),
        ("managed-identity", vec![("IDENTITY_ENDPOINT", url("msi")), ("IDENTITY_HEADER", header.clone())]),
    ];
    for (choice, variables) in logins {
        let mut env = TestEnv::with("one", &base.read("environments/one.yaml"));
        served.join(&mut env);
        for (name, value) in &variables {
            env.set(name, value);
        }
        if choice != "client-secret" {
            env.set("AZURE_CLIENT_SECRET", "");
        }
        let plan = ["plan", "one", "-vvv", "--credential", choice];
        let echoed: Vec<&str> =
            variables.iter().map(|(_, value)| value.as_str()).chain([&*federated, &*proof]).collect();
        let said = format!("AADSTS7000215: Invalid: '{}'.\r\nTrace ID: x", echoed.join("' and '"));
        let refusal = json!({"error": "invalid_client", "error_description": said});
        served.sandbox.clear_faults();
        let handed = json!({"value": proof, "oidcToken": proof});
        served.sandbox.inject(Fault::respond("*", "/github", u32::MAX, 200, &handed));
        served.sandbox.inject(Fault::respond("*", "/pipelines", u32::MAX, 200, &handed));
        canaries.run(&env, &plan);
        canaries.run(&env, &["apply", "one", "--yes", "-vvv", "--credential", choice]);
        // Entra, or whoever gives the proof, repeats what it was shown.
        served.sandbox.inject(Fault::respond("POST", "/oauth2/v2.0/token", 2, 401, &refusal));
        canaries.run(&env, &plan);
        canaries.run(&env, &["apply", "one", "--yes", "-vvv", "--output", "json", "--credential", choice]);
        served.sandbox.clear_faults();
        served.sandbox.inject(Fault::respond("*", "/github", 1, 401, &refusal));
        served.sandbox.inject(Fault::respond("*", "/pipelines", 1, 401, &refusal));
        served.sandbox.inject(Fault::respond("*", "/msi", 1, 400, &refusal));
        canaries.run(&env, &plan);
        canaries.none_kept(&env, &["environments/", "home/"]);
    }
    for login in ["home/key.pem", "home/token"] {
        assert!(!canaries.found(&base.read(login)).is_empty(), "{login} holds its canary");
    }
}

#[test]
fn secrets_in_urls() {
    let mut canaries = Canaries::default();
    let signature = canaries.add("a SAS", "canary%2Bof%2FaSAS%3D");
    canaries.add("a SAS, decoded", "canary+of/aSAS=");
    let proxy = canaries.add("a proxy's password", "canary-of-a-proxy");
    let mut env = TestEnv::with(
        "one",
        &format!("{HEAD}state: {{blob: '${{env:STATE}}'}}\nregistries:\n  one: {{sku: {{name: Basic}}}}\n"),
    );
    env.set("STATE", &format!("https://127.0.0.1:1/account/container?sv=2024-11-04&sig={signature}"))
        .set("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")
        .set("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222")
        .set("AZURE_CLIENT_SECRET", &canaries.add("the client's secret", "canary~of.a-client_8Q~"));
    let commands: [&[&str]; 6] = [
        &["show", "one", "--output", "json", "-vvv"],
        &["plan", "one", "-vvv"],
        &["apply", "one", "--yes", "-vvv"],
        &["state", "pull", "one"],
        &["state", "unlock", "one", "--yes"],
        &["state", "list", "one", "--output", "json"],
    ];
    for command in commands {
        canaries.run(&env, command);
    }
    env.write("environments/one.yaml", &format!("{HEAD}registries:\n  one: {{sku: {{name: Basic}}}}\n"));
    let place = format!("https://127.0.0.1:1/account/container?sv=2024-11-04&sig={signature}");
    canaries.run(&env, &["state", "migrate", "one", "--to", &place, "--yes"]);
    env.set("HTTPS_PROXY", &format!("http://somebody:{proxy}@127.0.0.1:1"));
    assert_ne!(canaries.run(&env, &["plan", "one", "-vvv"]).status, 0, "nobody is there");
    env.set("LANDFALL_RESOURCE_MANAGER", &format!("https://somebody:{proxy}@127.0.0.1:1"));
    env.set("AZURE_AUTHORITY_HOST", &format!("https://somebody:{proxy}@127.0.0.1:1"));
    assert_ne!(canaries.run(&env, &["plan", "one", "-vvv"]).status, 0, "nobody is there");
    env.set("LANDFALL_RESOURCE_MANAGER", &format!("http://somebody:{proxy}@127.0.0.1:1"));
    assert_ne!(canaries.run(&env, &["plan", "one", "-vvv"]).status, 0, "no https");
    canaries.none_kept(&env, &["environments/", "home/"]);
}

#[test]
fn signatures_of_operations() {
    let served = Served::start(
        Pace { cluster: std::time::Duration::from_secs(8), ..Pace::instant() },
        std::time::Duration::ZERO,
    );
    let env = served.demo();
    let cut = env.expect(130, &["apply", "demo", "--yes", "-vvv", "--timeout", "3s"]);
    let next = env.expect(0, &["apply", "demo", "--yes", "-vvv"]);
    let mut canaries = Canaries::default();
    for request in served.requests() {
        for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
            if ["c", "s", "h"].contains(&name.as_ref()) && value.len() > 12 {
                canaries.0.push(("an operation's signature", value.into_owned()));
            }
        }
    }
    assert!(!canaries.0.is_empty(), "operations are signed");
    canaries.none_printed("the cut run tells", &cut);
    canaries.none_printed("the next run tells", &next);
    // The state's journal has them, to go on from.
    canaries.none_kept(&env, &["home/", "state/"]);
}
