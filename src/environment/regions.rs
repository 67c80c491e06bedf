//! Regions that Azure is known to have, for "did you mean". Which there are is Azure's to say: a region that is missing here is
//! never refused.

use super::nearest::nearest;
use crate::diagnostic::Diagnostic;
use crate::names::Location;

/// Regions of the three clouds, in their short form.
const REGIONS: [&str; 79] = [
    "australiacentral",
    "australiacentral2",
    "australiaeast",
    "australiasoutheast",
    "austriaeast",
    "belgiumcentral",
    "brazilsouth",
    "brazilsoutheast",
    "brazilus",
    "canadacentral",
    "canadaeast",
    "centralindia",
    "centralus",
    "centraluseuap",
    "chilecentral",
    "chinaeast",
    "chinaeast2",
    "chinaeast3",
    "chinanorth",
    "chinanorth2",
    "chinanorth3",
    "denmarkeast",
    "eastasia",
    "eastus",
    "eastus2",
    "eastus2euap",
    "eastus3",
    "francecentral",
    "francesouth",
    "germanynorth",
    "germanywestcentral",
    "global",
    "indonesiacentral",
    "israelcentral",
    "israelnorthwest",
    "italynorth",
    "japaneast",
    "japanwest",
    "jioindiacentral",
    "jioindiawest",
    "koreacentral",
    "koreasouth",
    "malaysiasouth",
    "malaysiawest",
    "mexicocentral",
    "newzealandnorth",
    "northcentralus",
    "northeurope",
    "norwayeast",
    "norwaywest",
    "polandcentral",
    "qatarcentral",
    "saudiarabiaeast",
    "southafricanorth",
    "southafricawest",
    "southcentralus",
    "southcentralus2",
    "southeastasia",
    "southeastus",
    "southindia",
    "spaincentral",
    "swedencentral",
    "swedensouth",
    "switzerlandnorth",
    "switzerlandwest",
    "taiwannorth",
    "uaecentral",
    "uaenorth",
    "uksouth",
    "ukwest",
    "usdodcentral",
    "usdodeast",
    "usgovarizona",
    "usgovtexas",
    "usgovvirginia",
    "westcentralus",
    "westeurope",
    "westindia",
    "westus",
];
/// What a misspelt region is rather than a new one: `westus2` is known, `westus4` may come.
const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// Warns of a region that looks like a slip of the pen.
pub(super) fn slip(text: &str) -> Option<Diagnostic> {
    let region = Location::new(text);
    let stem = region.as_str().trim_end_matches(DIGITS);
    if text.is_empty() || REGIONS.iter().any(|known| *known == region.as_str() || *known == stem) {
        return None;
    }
    let meant = nearest(region.as_str(), REGIONS)?;
    let problem = Diagnostic::warning("unknown-region", format!("landfall knows no region `{text}`"));
    Some(problem.help(format!("did you mean `{meant}`?")).help("`allowUnknownValues: true` takes new regions unseen"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_regions_that_may_come() {
        for fine in ["West Europe", "westus2", "westus9", "", "custom-edge-location-17", "EASTUS2EUAP"] {
            assert_eq!(slip(fine), None, "{fine}");
        }
        for (text, meant) in
            [("westeurop", "westeurope"), ("west-europe", "westeurope"), ("swedencenteral", "swedencentral")]
        {
            let found = slip(text).unwrap_or_else(|| panic!("{text} is a slip"));
            assert!(found.help[0].contains(meant), "{text}: {:?}", found.help);
        }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(REGIONS.is_sorted());
    }
}
