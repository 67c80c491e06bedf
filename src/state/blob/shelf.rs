//! The blobs beside a state where its earlier versions are kept: `history/prod/41-LINEAGE.json` in the same container.
//!
//! Copies rather than the service's own versions of a blob: those need a setting of the account that nobody may have made, and
//! a run makes one of every write.

use std::num::NonZero;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{Etag, HttpClient, RequestContent};
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobContainerClientListBlobsOptions, BlobItem, BlockBlobClientUploadOptions,
};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use futures::TryStreamExt as _;
use url::Url;

use super::service::{ONE_PIECE, PROTOCOL, client_options, send};
use super::trouble::{Place, Refused};
use crate::names::EnvName;
use crate::state::history::{KEPT, Kept, file_name, newest_first, version_named};
use crate::state::store::Version;

/// Keeps versions of one state.
pub(super) struct Shelf {
    client: BlobContainerClient,
    place: Place,
    prefix: String,
}

impl Shelf {
    /// The versions of an environment's state, in the container at `url`.
    pub(super) fn new(
        url: Url,
        environment: &EnvName,
        credential: Option<Arc<dyn TokenCredential>>,
        transport: Arc<dyn HttpClient>,
    ) -> Result<Self, azure_core::Error> {
        let place = Place::of_container(&url);
        let options =
            BlobContainerClientOptions { client_options: client_options(transport), version: PROTOCOL.to_owned() };
        let client = BlobContainerClient::new(url, credential, Some(options))?;
        Ok(Self { client, place, prefix: format!("history/{environment}/") })
    }

    /// Keeps a version, and lets the oldest go as far as that is allowed.
    pub(super) async fn keep(&self, version: &Version, bytes: &[u8]) -> Result<(), Refused> {
        let blob = self.client.blob_client(&self.name(version));
        let blob = &blob;
        let written = send(&self.place, || {
            Box::pin(async move {
                let options = BlockBlobClientUploadOptions {
                    if_none_match: Some(Etag::from("*")),
                    blob_content_type: Some("application/json".to_owned()),
                    partition_size: NonZero::new(ONE_PIECE as u64),
                    ..Default::default()
                };
                blob.upload(RequestContent::from(bytes.to_vec()), Some(options)).await.map(drop)
            })
        })
        .await;
        match written {
            // It is kept already: by this very request, whose answer was lost, or by a command that then wrote nothing.
            Ok(()) | Err(Refused::Changed) => {}
            Err(refused) => return Err(refused),
        }
        // A SAS may allow writing and neither listing nor deleting: then there are more than need be, and no harm.
        // The service tells seconds: what was just kept may not look like the newest, and is never the one to go.
        let others = self.list().await.unwrap_or_default().into_iter().filter(|one| one.version() != *version);
        for old in others.skip(KEPT - 1) {
            let blob = self.client.blob_client(&self.name(&old.version()));
            let blob = &blob;
            let _ = send(&self.place, || Box::pin(async move { blob.delete(None).await.map(drop) })).await;
        }
        Ok(())
    }

    /// All that is kept, newest first.
    pub(super) async fn list(&self) -> Result<Vec<Kept>, Refused> {
        let listed: Vec<BlobItem> = send(&self.place, || {
            Box::pin(async move {
                let prefix = Some(self.prefix.clone());
                let options = BlobContainerClientListBlobsOptions { prefix, ..Default::default() };
                self.client.list_blobs(Some(options))?.try_collect().await
            })
        })
        .await?;
        let mut out: Vec<Kept> = listed.into_iter().filter_map(|item| self.kept(item)).collect();
        newest_first(&mut out);
        Ok(out)
    }

    /// A version, to the byte.
    pub(super) async fn read(&self, version: &Version) -> Result<Vec<u8>, Refused> {
        let blob = self.client.blob_client(&self.name(version));
        let blob = &blob;
        send(&self.place, || {
            Box::pin(async move {
                let options =
                    BlobClientDownloadOptions { partition_size: NonZero::new(ONE_PIECE), ..Default::default() };
                Ok(blob.download(Some(options)).await?.body.collect().await?.to_vec())
            })
        })
        .await
    }

    fn name(&self, version: &Version) -> String {
        format!("{}{}", self.prefix, file_name(version))
    }

    fn kept(&self, item: BlobItem) -> Option<Kept> {
        let (lineage, serial) = version_named(item.name?.strip_prefix(&self.prefix)?)?;
        let properties = item.properties?;
        let bytes = properties.content_length.unwrap_or_default();
        Some(Kept { lineage, serial, bytes, replaced: properties.last_modified })
    }
}
