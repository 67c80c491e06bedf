//! One request each to the blob service, and what its answer means. Every request may safely be sent twice, so what fails for
//! the moment is sent again here, and the SDK's own retries are off.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, Etag, HttpClient, RequestContent, RetryOptions, Transport};
use azure_storage_blob::models::{
    BlobClientAcquireLeaseOptions, BlobClientBreakLeaseOptions, BlobClientDownloadOptions,
    BlobClientGetPropertiesResultHeaders, BlobClientSetMetadataOptions, BlockBlobClientUploadOptions, LeaseState,
};
use azure_storage_blob::{BlobClient, BlobClientOptions};
use futures::future::BoxFuture;
use url::Url;

use super::trouble::{BlobTrouble, Place, Refused, judge};
use crate::state::{Holder, holder};

/// The newest version of the protocol that Azure and Azurite both speak.
pub(super) const PROTOCOL: &str = "2025-11-05";
/// How long a lease lasts without renewal, in seconds: the most that ends by itself.
pub(super) const LEASE_SECONDS: i32 = 60;
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(30);
/// Waits before a request is sent again.
const AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];
/// States travel in one piece: in several, another protocol would be needed to make them one again.
pub(super) const ONE_PIECE: usize = 256 << 20;

const WRITER: &str = "landfall_writer";
const HOLDER: &str = "landfall_holder";
const LEASE: &str = "landfall_lease";
const ABSENT: &str = "landfall_absent";

/// What stands in the blob that is leased before there is a state.
const PLACEHOLDER: &[u8] = b"There is no state here yet. landfall keeps its lock on this blob.\n";

/// What landfall writes beside a state, as the blob's metadata.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Meta {
    /// Which write this is, so that a write whose answer was lost knows itself.
    pub writer: Option<String>,
    /// Who has the lease.
    pub holder: Option<Holder>,
    /// The lease's id.
    pub lease: Option<String>,
    /// Whether the blob is only there to be leased.
    pub absent: bool,
}

/// A blob that is there.
#[derive(Debug)]
pub(super) struct Blob {
    pub etag: Etag,
    pub meta: Meta,
    pub bytes: Vec<u8>,
}

/// What is stored where.
#[derive(Debug)]
pub(super) enum Over {
    /// Nothing.
    Nothing,
    /// This version.
    Etag(Etag),
}

/// The blob of one state.
pub(super) struct Service {
    client: BlobClient,
    place: Place,
}

impl Service {
    /// The blob `name` of the container at `url`.
    pub(super) fn new(
        mut url: Url,
        name: &str,
        credential: Option<Arc<dyn TokenCredential>>,
        transport: Arc<dyn HttpClient>,
    ) -> Result<Self, azure_core::Error> {
        let place = Place::of_container(&url);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
        let options = BlobClientOptions { client_options: client_options(transport), version: PROTOCOL.to_owned() };
        Ok(Self { client: BlobClient::new(url, credential, Some(options))?, place })
    }

    /// The blob, whole.
    pub(super) async fn read(&self) -> Result<Blob, Refused> {
        self.send(|| {
            Box::pin(async move {
                let options =
                    BlobClientDownloadOptions { partition_size: NonZero::new(ONE_PIECE), ..Default::default() };
                let answer = self.client.download(Some(options)).await?;
                let meta = Meta::read(&answer.properties.metadata);
                let etag = answer.properties.etag.ok_or_else(no_etag)?;
                Ok(Blob { etag, meta, bytes: answer.body.collect().await?.to_vec() })
            })
        })
        .await
    }

    /// What is known of the blob without reading it, and whether it is leased.
    pub(super) async fn look(&self) -> Result<(Meta, bool), Refused> {
        self.send(|| {
            Box::pin(async move {
                let answer = self.client.get_properties(None).await?;
                let leased = matches!(answer.lease_state()?, Some(LeaseState::Leased | LeaseState::Breaking));
                Ok((Meta::read(&answer.metadata()?), leased))
            })
        })
        .await
    }

    /// Writes the blob if it is as said.
    pub(super) async fn write(
        &self,
        bytes: &[u8],
        meta: &Meta,
        over: &Over,
        lease: Option<&str>,
    ) -> Result<Etag, Refused> {
        self.send(|| {
            Box::pin(async move {
                let mut options = BlockBlobClientUploadOptions {
                    lease_id: lease.map(str::to_owned),
                    metadata: Some(meta.write()),
                    blob_content_type: Some(if meta.absent { "text/plain" } else { "application/json" }.to_owned()),
                    partition_size: NonZero::new(ONE_PIECE as u64),
                    ..Default::default()
                };
                match over {
                    Over::Nothing => options.if_none_match = Some(Etag::from("*")),
                    Over::Etag(etag) => options.if_match = Some(etag.clone()),
                }
                let content = RequestContent::from(bytes.to_vec());
                self.client.upload(content, Some(options)).await?.etag.ok_or_else(no_etag)
            })
        })
        .await
    }

    /// Puts something there that can be leased, or takes the state away and leaves that.
    pub(super) async fn write_placeholder(
        &self,
        meta: Meta,
        over: &Over,
        lease: Option<&str>,
    ) -> Result<Etag, Refused> {
        self.write(PLACEHOLDER, &Meta { absent: true, ..meta }, over, lease).await
    }

    /// Takes the lease by an id that is chosen here, so that asking twice is asking once.
    pub(super) async fn acquire(&self, lease: &str) -> Result<(), Refused> {
        self.send(|| {
            Box::pin(async move {
                let proposed_lease_id = Some(lease.to_owned());
                let options = BlobClientAcquireLeaseOptions { proposed_lease_id, ..Default::default() };
                self.client.acquire_lease(LEASE_SECONDS, Some(options)).await.map(drop)
            })
        })
        .await
    }

    /// Makes the lease last anew.
    pub(super) async fn renew(&self, lease: &str) -> Result<(), Refused> {
        self.send(|| Box::pin(async move { self.client.renew_lease(lease.to_owned(), None).await.map(drop) })).await
    }

    /// Gives the lease back.
    pub(super) async fn release(&self, lease: &str) -> Result<(), Refused> {
        self.send(|| Box::pin(async move { self.client.release_lease(lease.to_owned(), None).await.map(drop) })).await
    }

    /// Ends whoever's lease at once.
    pub(super) async fn break_lease(&self) -> Result<(), Refused> {
        self.send(|| {
            Box::pin(async move {
                let options = BlobClientBreakLeaseOptions { break_period: Some(0), ..Default::default() };
                self.client.break_lease(Some(options)).await.map(drop)
            })
        })
        .await
    }

    /// Writes what stands beside the state. That makes a new version of the blob.
    pub(super) async fn annotate(&self, meta: &Meta, lease: &str) -> Result<(), Refused> {
        self.send(|| {
            Box::pin(async move {
                let options = BlobClientSetMetadataOptions { lease_id: Some(lease.to_owned()), ..Default::default() };
                self.client.set_metadata(&meta.write(), Some(options)).await.map(drop)
            })
        })
        .await
    }

    async fn send<'a, T>(
        &self,
        request: impl Fn() -> BoxFuture<'a, azure_core::Result<T>> + Send + Sync,
    ) -> Result<T, Refused> {
        send(&self.place, request).await
    }
}

/// How requests leave, with no retries but those of [`send`].
pub(super) fn client_options(transport: Arc<dyn HttpClient>) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(transport)),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    }
}

/// Sends a request until it is answered or has failed too often.
pub(super) async fn send<'a, T>(
    place: &Place,
    request: impl Fn() -> BoxFuture<'a, azure_core::Result<T>> + Send + Sync,
) -> Result<T, Refused> {
    let mut waits = AGAIN.iter();
    loop {
        let answer = tokio::time::timeout(REQUEST, request()).await.unwrap_or_else(|_| Err(too_slow()));
        match answer.map_err(|error| judge(error, place)) {
            Err(Refused::Transient(trouble)) => match waits.next() {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => return Err(Refused::Failed(trouble)),
            },
            judged => return judged,
        }
    }
}

impl Refused {
    /// The trouble behind a refusal that nobody expects where it came.
    pub(super) fn trouble(self) -> BlobTrouble {
        let unexpected = |status: u16, code: &str| BlobTrouble::Answer { status, code: code.to_owned(), request: None };
        match self {
            Self::Transient(trouble) | Self::Failed(trouble) => trouble,
            Self::Absent => unexpected(404, "BlobNotFound"),
            Self::Changed => unexpected(412, "ConditionNotMet"),
            Self::Leased => unexpected(412, "LeaseIdMissing"),
            Self::LeaseEnded => unexpected(412, "LeaseLost"),
        }
    }
}

impl Meta {
    fn write(&self) -> HashMap<String, String> {
        let pairs = [
            (WRITER, self.writer.clone()),
            (HOLDER, self.holder.as_ref().map(holder::write)),
            (LEASE, self.lease.clone()),
            (ABSENT, self.absent.then(|| "true".to_owned())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    fn read(pairs: &HashMap<String, String>) -> Self {
        // The service keeps the case of a name; proxies need not.
        let get = |name: &str| pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        Self {
            writer: get(WRITER).cloned(),
            holder: get(HOLDER).and_then(|line| holder::read(line)),
            lease: get(LEASE).cloned(),
            absent: get(ABSENT).is_some_and(|value| value == "true"),
        }
    }
}

fn no_etag() -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::DataConversion, "the answer has no ETag")
}

fn too_slow() -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::Io, format!("no answer within {} seconds", REQUEST.as_secs()))
}
