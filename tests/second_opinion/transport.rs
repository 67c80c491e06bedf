//! What carries the generated clients' requests to a sandbox in this process: they come in two generations of
//! `azure_core`, alike in shape and different in type.

use std::sync::Arc;
use std::time::Duration;

use landfall::sandbox::{Request, Response, Sandbox};

/// Each request takes this long, in paused time: so operations end while they are polled.
const STEP: Duration = Duration::from_secs(1);

/// Takes one request to the sandbox.
async fn carry(sandbox: &Sandbox, request: Request) -> Response {
    tokio::time::advance(STEP).await;
    sandbox.handle(request).await
}

macro_rules! generation {
    ($module:ident, $core:ident, $scope:ty, $token:ty, $given:expr, $($more:item)?) => {
        pub mod $module {
            use super::*;
            use $core::auth::TokenCredential;
            use $core::error::{Error, ErrorKind};
            use $core::headers::Headers;
            use $core::{Body, BytesStream, Context, Policy, StatusCode};

            /// A sandbox as a transport.
            #[derive(Debug)]
            pub struct Carrier(pub Arc<Sandbox>);

            /// A credential that the sandbox takes.
            #[derive(Debug)]
            pub struct AnyToken;

            #[async_trait::async_trait]
            impl Policy for Carrier {
                async fn send(
                    &self,
                    _: &Context,
                    request: &mut $core::Request,
                    _: &[Arc<dyn Policy>],
                ) -> $core::Result<$core::Response> {
                    let Body::Bytes(body) = request.body().clone() else {
                        return Err(Error::message(ErrorKind::Io, "no streams"));
                    };
                    let headers = request.headers().iter();
                    let asked = Request {
                        method: request.method().to_string(),
                        url: request.url().clone(),
                        headers: headers.map(|(k, v)| (k.as_str().to_owned(), v.as_str().to_owned())).collect(),
                        body: body.to_vec(),
                    };
                    let answered = carry(&self.0, asked).await;
                    let status = StatusCode::try_from(answered.status)
                        .map_err(|_| Error::message(ErrorKind::DataConversion, "no status"))?;
                    let mut headers = Headers::new();
                    for (name, value) in answered.headers {
                        headers.insert(name, value);
                    }
                    // These pollers wait in real time; this tells them not to.
                    headers.insert("retry-after", "0");
                    Ok($core::Response::new(status, headers, Box::pin(BytesStream::new(answered.body))))
                }
            }

            #[async_trait::async_trait]
            impl TokenCredential for AnyToken {
                async fn get_token(&self, _: $scope) -> $core::Result<$token> {
                    Ok($given)
                }
                $($more)?
            }
        }
    };
}

generation!(
    old,
    azure_core_010,
    &str,
    azure_core_010::auth::TokenResponse,
    azure_core_010::auth::TokenResponse::new(
        azure_core_010::auth::AccessToken::new("any"),
        time::OffsetDateTime::UNIX_EPOCH
    ),
);

generation!(
    newer,
    azure_core_021,
    &[&str],
    azure_core_021::auth::AccessToken,
    azure_core_021::auth::AccessToken::new("any", time::OffsetDateTime::UNIX_EPOCH),
    async fn clear_cache(&self) -> azure_core_021::Result<()> {
        Ok(())
    }
);
