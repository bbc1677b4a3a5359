//! `secrets`: names and signatures, never a value.

use crate::abi::v0_1_0::convert::error_to_guest;
use crate::abi::v0_1_0::wit::{secrets, types};
use crate::state::State;
use domain::effect::{Call, Reply, SignAlgorithm};

impl secrets::Host for State {
    async fn exists(&mut self, name: String) -> wasmtime::Result<Result<bool, types::Error>> {
        let bytes = name.len();
        match self.perform(Call::SecretExists { name }, bytes).await? {
            Ok(Reply::Bool(exists)) => Ok(Ok(exists)),
            Ok(reply) => Err(self.mismatch("secrets.exists", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn sign(
        &mut self,
        name: String,
        algorithm: secrets::Algorithm,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Error>> {
        let size = name.len() + bytes.len();
        let algorithm = match algorithm {
            secrets::Algorithm::HmacSha256 => SignAlgorithm::HmacSha256,
            secrets::Algorithm::Ed25519 => SignAlgorithm::Ed25519,
        };
        match self.perform(Call::SecretSign { name, algorithm, bytes }, size).await? {
            Ok(Reply::Bytes(Some(signature))) => Ok(Ok(signature)),
            Ok(reply) => Err(self.mismatch("secrets.sign", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}
