//! Address ranges of a cluster that must agree, and network modes that need a plugin.

use std::net::IpAddr;

use super::super::form::range;
use super::table::{Case, is, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Wanted;

pub(super) const CODE: &str = "networks";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const PODS: &str = "networkProfile.podCidr";
const SERVICES: &str = "networkProfile.serviceCidr";
const DNS: &str = "networkProfile.dnsServiceIP";
const PLUGIN: &str = "networkProfile.networkPlugin";
/// A property, its value, and what it is called: both stand on Azure CNI.
const NEED_AZURE: [(&str, &str); 2] =
    [("networkProfile.networkPluginMode", "overlay"), ("networkProfile.networkDataplane", "cilium")];

pub(super) fn check(case: &mut Case<'_>) {
    for cluster in case.of_type(CLUSTER) {
        ranges(case, cluster);
        let other = value(cluster, PLUGIN).and_then(Value::as_str).filter(|_| !is(cluster, PLUGIN, "azure"));
        for (path, word) in NEED_AZURE {
            if let Some(plugin) = other
                && is(cluster, path, word)
            {
                let problem = Diagnostic::error(CODE, format!("`{path}: {word}` does not go with the plugin {plugin}"));
                case.report(cluster, path, problem.help("write `networkPlugin: azure`"));
            }
        }
    }
}

fn ranges(case: &mut Case<'_>, cluster: &Wanted) {
    let text = |path| value(cluster, path).and_then(Value::as_str);
    let (pods, services) = (text(PODS).and_then(range), text(SERVICES).and_then(range));
    if let (Some(pods), Some(services)) = (pods, services)
        && (pods.contains(&services) || services.contains(&pods))
    {
        let summary = format!("`podCidr` {pods} and `serviceCidr` {services} overlap");
        let problem = Diagnostic::error(CODE, summary).help("pods and services have addresses of their own");
        case.report(cluster, SERVICES, problem);
    }
    let dns = text(DNS).and_then(|text| text.parse::<IpAddr>().ok());
    let (Some(services), Some(dns)) = (services, dns) else { return };
    if !services.contains(&dns) {
        let summary = format!("`dnsServiceIP` {dns} lies outside `serviceCidr` {services}");
        let problem = Diagnostic::error(CODE, summary).help("it is an address of that range; by habit the tenth");
        case.report(cluster, DNS, problem);
    } else if services.hosts().next() == Some(dns) {
        let summary = format!("`dnsServiceIP` {dns} is the first address of `serviceCidr` {services}");
        let problem = Diagnostic::error(CODE, summary).help("that one is the API server's; by habit it is the tenth");
        case.report(cluster, DNS, problem);
    }
}
