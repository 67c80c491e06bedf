//! The addresses of the Azure clouds.

use crate::model::Cloud;

/// The base URLs of a cloud's resource manager and of its token authority, in this order.
///
/// ```
/// use landfall::{environment::cloud_endpoints, model::Cloud};
/// assert_eq!(cloud_endpoints(&Cloud::Public).0, "https://management.azure.com");
/// ```
pub fn cloud_endpoints(cloud: &Cloud) -> (String, String) {
    let (manager, authority) = match cloud {
        Cloud::Public => ("https://management.azure.com", "https://login.microsoftonline.com"),
        Cloud::China => ("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
        Cloud::UsGov => ("https://management.usgovcloudapi.net", "https://login.microsoftonline.us"),
        Cloud::Custom { resource_manager, authority } => (resource_manager.as_str(), authority.as_str()),
    };
    (manager.to_owned(), authority.to_owned())
}
