//! Extractors that handlers and connections share: the caller's address, the page's origin.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use wire::Refusal;

use super::{App, Reject};
use crate::address::{Address, visitor_address};
use crate::origin::Origin;

/// Extracts the address that limits count for.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub Address);

impl FromRequestParts<App> for Caller {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Reject> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) = peer.ok_or(Reject::Internal("a request without a peer address"))?;
        let config = &app.config;
        let address = visitor_address(peer.ip(), &parts.headers, &config.trusted_proxies, config.forwarded_header);
        Ok(Self(address))
    }
}

/// Extracts the page's origin out of a request that changes something; there must be one.
#[derive(Clone, Debug)]
pub struct PageOrigin(pub Origin);

impl FromRequestParts<App> for PageOrigin {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Reject> {
        origin(&parts.headers).map(Self).ok_or_else(|| Refusal::OriginRefused.into())
    }
}

/// Extracts the proof that a request comes from a page of the relay itself.
#[derive(Clone, Copy, Debug)]
pub struct OwnOrigin;

impl FromRequestParts<App> for OwnOrigin {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Reject> {
        match origin(&parts.headers) {
            Some(origin) if app.own_origins.contains(&origin) => Ok(Self),
            Some(_) | None => Err(Refusal::OriginRefused.into()),
        }
    }
}

/// The `Origin` header, when it holds one.
#[must_use]
pub fn origin(headers: &HeaderMap) -> Option<Origin> {
    headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()
}
