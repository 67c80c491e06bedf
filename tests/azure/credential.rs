//! How landfall logs in, against a scripted Entra.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::script::{Answered, Script, script};
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall::azure::{Choice, ClientSettings, CredentialError, CredentialSettings, Kind, credential};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

const SCOPE: &[&str] = &["https://management.azure.com/.default"];

fn settings(script: &Arc<Script>, choice: Option<Choice>, environment: &[(&str, &str)]) -> CredentialSettings {
    CredentialSettings {
        choice,
        authority: "https://login.example/".parse().unwrap(),
        transport: script.settings("https://management.azure.com").transport,
        environment: environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        read_file: Arc::new(|path: &Path| {
            Err(io::Error::new(io::ErrorKind::NotFound, format!("no {} in this test", path.display())))
        }),
    }
}

fn token(text: &str) -> Answered {
    Answered::json(200, json!({"token_type": "Bearer", "expires_in": 3600, "access_token": text}))
}

/// The form that was sent to Entra.
fn form(body: &Json) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body.as_str().unwrap().as_bytes()).into_owned().collect()
}

const WHO: [(&str, &str); 2] = [("AZURE_TENANT_ID", "tenant-1"), ("AZURE_CLIENT_ID", "client-1")];
const GITHUB: [(&str, &str); 2] = [
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example/token?api-version=2"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "gh-bearer"),
];
const PIPELINES: [(&str, &str); 3] = [
    ("SYSTEM_OIDCREQUESTURI", "https://dev.azure.example/oidc"),
    ("SYSTEM_ACCESSTOKEN", "ado-bearer"),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "sc-1"),
];

#[test]
fn the_first_that_is_configured() {
    let file = ("AZURE_FEDERATED_TOKEN_FILE", "/token");
    let secret = ("AZURE_CLIENT_SECRET", "hunter2");
    let table: Vec<(Vec<(&str, &str)>, &str)> = vec![
        (vec![], "az"),
        (vec![WHO[0]], "az"),
        (vec![GITHUB[0], GITHUB[1]], "az"),
        (vec![PIPELINES[0], PIPELINES[1]], "az"),
        ([&WHO[..], &[secret]].concat(), "client-secret"),
        ([&WHO[..], &PIPELINES[..], &[secret]].concat(), "azure-pipelines"),
        ([&WHO[..], &GITHUB[..], &PIPELINES[..], &[secret]].concat(), "github"),
        ([&WHO[..], &GITHUB[..], &[secret, file]].concat(), "workload-identity"),
        ([&WHO[..], &[secret, ("AZURE_FEDERATED_TOKEN_FILE", "")]].concat(), "client-secret"),
    ];
    for (environment, expected) in table {
        let chosen = credential(settings(&script([]), None, &environment)).unwrap().1;
        assert_eq!(chosen, expected, "{environment:?}");
    }
    for choice in Choice::ALL {
        assert_eq!(choice.as_str().parse::<Choice>().unwrap(), choice);
    }
    let all: Vec<_> = WHO.into_iter().chain(GITHUB).collect();
    let (_, chosen) = credential(settings(&script([]), Some(Choice::Az), &all)).unwrap();
    assert_eq!(chosen, "az", "what was asked for wins");
    let (_, chosen) = credential(settings(&script([]), Some(Choice::ManagedIdentity), &[])).unwrap();
    assert_eq!(chosen, "managed-identity");
}

/// What was asked for, the environment, and how the message begins.
type Row = (Option<Choice>, Vec<(&'static str, &'static str)>, &'static str);

#[test]
fn what_is_half_configured_names_what_is_missing() {
    let secret = ("AZURE_CLIENT_SECRET", "hunter2");
    let table: Vec<Row> = vec![
        (None, vec![secret], "logging in by client-secret needs AZURE_TENANT_ID and AZURE_CLIENT_ID as well"),
        (None, vec![secret, WHO[1]], "logging in by client-secret needs AZURE_TENANT_ID as well"),
        (
            None,
            vec![WHO[1], GITHUB[0]],
            "logging in by github needs ACTIONS_ID_TOKEN_REQUEST_TOKEN and AZURE_TENANT_ID as well",
        ),
        (
            Some(Choice::GitHub),
            WHO.to_vec(),
            "logging in by github needs ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN as well",
        ),
        (
            Some(Choice::AzurePipelines),
            PIPELINES.to_vec(),
            "logging in by azure-pipelines needs AZURESUBSCRIPTION_TENANT_ID and AZURESUBSCRIPTION_CLIENT_ID as well",
        ),
        (
            Some(Choice::WorkloadIdentity),
            WHO.to_vec(),
            "logging in by workload-identity needs AZURE_FEDERATED_TOKEN_FILE as well",
        ),
        (
            Some(Choice::ClientCertificate),
            WHO.to_vec(),
            "logging in by client-certificate needs AZURE_CLIENT_CERTIFICATE_PATH as well",
        ),
        (None, vec![WHO[1]], "AZURE_CLIENT_ID names an application, but nothing proves to be it"),
    ];
    for (choice, environment, expected) in table {
        let error = credential(settings(&script([]), choice, &environment)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains("hunter2"));
    }
    assert!(matches!("browser".parse::<Choice>(), Err(CredentialError::Unknown(_))));
}

#[tokio::test]
async fn a_client_secret() {
    let script = script([token("t-1"), token("t-2")]);
    let environment = [&WHO[..], &[("AZURE_CLIENT_SECRET", "hunter2")]].concat();
    let (credential, _) = credential(settings(&script, None, &environment)).unwrap();
    assert_eq!(credential.get_token(SCOPE, None).await.unwrap().token.secret(), "t-1");
    assert_eq!(credential.get_token(SCOPE, None).await.unwrap().token.secret(), "t-2", "nothing is kept here");
    let sent = script.sent();
    assert_eq!(sent[0].url, "https://login.example/tenant-1/oauth2/v2.0/token");
    let form = form(&sent[0].body);
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("client-1", "hunter2"));
    assert_eq!(form["scope"], SCOPE[0]);
    assert!(!format!("{credential:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_federated_token_file_is_read_for_every_token() {
    let script = script([token("t-1"), token("t-2")]);
    let reads = Arc::new(Mutex::new(0));
    let counted = reads.clone();
    let environment = [&WHO[..], &[("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token")]].concat();
    let settings = CredentialSettings {
        read_file: Arc::new(move |path: &Path| {
            assert_eq!(path, Path::new("/var/run/token"));
            *counted.lock().unwrap() += 1;
            Ok(format!("assertion-{}\n", counted.lock().unwrap()).into_bytes())
        }),
        ..settings(&script, None, &environment)
    };
    let (credential, _) = credential(settings).unwrap();
    for expected in ["assertion-1", "assertion-2"] {
        credential.get_token(SCOPE, None).await.unwrap();
        let form = form(&script.sent().last().unwrap().body);
        assert_eq!(form["client_assertion"], expected);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    }
    assert_eq!(*reads.lock().unwrap(), 2);
}

#[tokio::test]
async fn github_is_asked_for_an_id_token_every_time() {
    let id_token = |n: u32| Answered::json(200, json!({"value": format!("gh-{n}"), "count": n}));
    let script = script([id_token(1), token("t-1"), id_token(2), token("t-2")]);
    let environment = [&WHO[..], &GITHUB[..]].concat();
    let (credential, _) = credential(settings(&script, None, &environment)).unwrap();
    for _ in 0..2 {
        credential.get_token(SCOPE, None).await.unwrap();
    }
    let sent = script.sent();
    assert_eq!(sent[0].url, "https://actions.example/token?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange");
    assert_eq!(sent[0].header("authorization"), Some("Bearer gh-bearer"));
    let assertions: Vec<String> = [1, 3].map(|at| form(&sent[at].body)["client_assertion"].clone()).to_vec();
    assert_eq!(assertions, ["gh-1", "gh-2"]);
}

#[tokio::test]
async fn azure_pipelines_are_asked_for_an_id_token() {
    let script = script([Answered::json(200, json!({"oidcToken": "ado-1"})), token("t-1")]);
    let environment = [&WHO[..], &PIPELINES[..]].concat();
    let (credential, _) = credential(settings(&script, None, &environment)).unwrap();
    credential.get_token(SCOPE, None).await.unwrap();
    let sent = script.sent();
    assert_eq!((sent[0].method.as_str(), sent[0].header("authorization")), ("POST", Some("Bearer ado-bearer")));
    assert_eq!(sent[0].url, "https://dev.azure.example/oidc?api-version=7.1&serviceConnectionId=sc-1");
    assert_eq!(form(&sent[1].body)["client_assertion"], "ado-1");
}

#[tokio::test]
async fn a_service_without_an_id_token_is_named() {
    let script = script([Answered::text(403, "<html>")]);
    let environment = [&WHO[..], &GITHUB[..]].concat();
    let (credential, _) = credential(settings(&script, None, &environment)).unwrap();
    let error = credential.get_token(SCOPE, None).await.unwrap_err();
    assert!(error.to_string().contains("GitHub Actions gave no ID token (status 403)"), "{error}");
}

struct Pem {
    key: rcgen::KeyPair,
    certificate: rcgen::Certificate,
}

fn rsa() -> Pem {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    Pem { key, certificate }
}

fn with_pem(script: &Arc<Script>, pem: String, extra: &[(&str, &str)]) -> CredentialSettings {
    let environment = [&WHO[..], &[("AZURE_CLIENT_CERTIFICATE_PATH", "/cert.pem")], extra].concat();
    CredentialSettings {
        read_file: Arc::new(move |_: &Path| Ok(pem.clone().into_bytes())),
        ..settings(script, None, &environment)
    }
}

#[tokio::test]
async fn a_certificate_signs_what_entra_can_verify() {
    let script = script([token("t-1")]);
    let (mine, other) = (rsa(), rsa());
    // The key first, a foreign certificate before its own: files are written in every order.
    let pem = format!("{}{}{}", mine.key.serialize_pem(), other.certificate.pem(), mine.certificate.pem());
    let chained = [("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true")];
    let (credential, chosen) = credential(with_pem(&script, pem, &chained)).unwrap();
    assert_eq!(chosen, "client-certificate");
    credential.get_token(SCOPE, None).await.unwrap();
    let assertion = form(&script.sent()[0].body)["client_assertion"].clone();
    let parts: Vec<&str> = assertion.split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Json = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims: Json = serde_json::from_slice(&decode(parts[1])).unwrap();
    assert_eq!(header["alg"], "PS256");
    assert_eq!(header["x5t#S256"], URL_SAFE_NO_PAD.encode(Sha256::digest(mine.certificate.der())));
    assert_eq!(header["x5c"].as_array().unwrap().len(), 2);
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("client-1"), Some("client-1")));
    assert_eq!(claims["aud"], "https://login.example/tenant-1/oauth2/v2.0/token");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
    let signed = format!("{}.{}", parts[0], parts[1]);
    // rcgen gives the key as SubjectPublicKeyInfo, which aws-lc-rs takes.
    use rcgen::PublicKeyData;
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, mine.key.subject_public_key_info());
    public.verify(signed.as_bytes(), &decode(parts[2])).unwrap();
    assert!(public.verify(b"something else", &decode(parts[2])).is_err());
}

#[test]
fn a_certificate_of_no_use_says_why() {
    let (mine, other) = (rsa(), rsa());
    let elliptic = rcgen::KeyPair::generate().unwrap();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let table = [
        (encrypted.to_owned() + &mine.certificate.pem(), "protected by a password"),
        (mine.key.serialize_pem(), "holds no PEM certificate"),
        ("\u{30}\u{82}binary".to_owned(), "holds no PEM certificate"),
        (mine.certificate.pem(), "holds no PEM private key"),
        (other.key.serialize_pem() + &mine.certificate.pem(), "belongs to none of its certificates"),
        (elliptic.serialize_pem() + &mine.certificate.pem(), "no RSA key"),
    ];
    for (pem, why) in table {
        let error = credential(with_pem(&script([]), pem, &[])).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("/cert.pem"), "{error}");
    }
    let good = mine.key.serialize_pem() + &mine.certificate.pem();
    let password = [("AZURE_CLIENT_CERTIFICATE_PASSWORD", "x")];
    let error = credential(with_pem(&script([]), good, &password)).unwrap_err().to_string();
    assert!(error.contains("protected by a password"), "{error}");
    let missing = [&WHO[..], &[("AZURE_CLIENT_CERTIFICATE_PATH", "/none.pem")]].concat();
    let error = credential(settings(&script([]), None, &missing)).unwrap_err();
    assert!(matches!(error, CredentialError::File { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_entra_is_waited_out_and_a_refusal_stands() {
    let environment = [&WHO[..], &[("AZURE_CLIENT_SECRET", "hunter2")]].concat();
    let entra = script([Answered::text(503, "<html>"), Answered::lost(), token("t-1")]);
    let (entra_login, _) = credential(settings(&entra, None, &environment)).unwrap();
    let client = |credential| {
        let arm = script([]);
        landfall::azure::Client::new(ClientSettings { credential, ..arm.settings("https://management.azure.com") })
            .unwrap()
    };
    client(entra_login).ready().await.unwrap();
    assert_eq!(entra.sent().len(), 3);

    let says = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: \"1\"";
    let no = json!({"error": "invalid_client", "error_description": says, "error_codes": [7000215]});
    let entra = script([Answered::json(401, no)]);
    let (entra_login, _) = credential(settings(&entra, None, &environment)).unwrap();
    let error = client(entra_login).ready().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (Kind::Unauthenticated, Some("AADSTS7000215")));
    assert_eq!(error.to_string(), "AADSTS7000215: no token was given: Invalid client secret provided");
}
