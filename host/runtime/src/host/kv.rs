//! `kv`: small persistent state of a plugin for an agent.

use crate::abi::v0_1_0::convert::error_to_guest;
use crate::abi::v0_1_0::wit::{kv, types};
use crate::state::State;
use domain::effect::{Call, KvCall, Reply};

impl kv::Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, types::Error>> {
        let bytes = key.len();
        match self.perform(Call::Kv(KvCall::Get { key }), bytes).await? {
            Ok(Reply::Bytes(value)) => Ok(Ok(value)),
            Ok(reply) => Err(self.mismatch("kv.get", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn put(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), types::Error>> {
        let bytes = key.len() + value.len();
        match self.perform(Call::Kv(KvCall::Put { key, value }), bytes).await? {
            Ok(Reply::Unit) => Ok(Ok(())),
            Ok(reply) => Err(self.mismatch("kv.put", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), types::Error>> {
        let bytes = key.len();
        match self.perform(Call::Kv(KvCall::Delete { key }), bytes).await? {
            Ok(Reply::Unit) => Ok(Ok(())),
            Ok(reply) => Err(self.mismatch("kv.delete", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }

    async fn keys(&mut self, prefix: String) -> wasmtime::Result<Result<Vec<String>, types::Error>> {
        let bytes = prefix.len();
        match self.perform(Call::Kv(KvCall::Keys { prefix }), bytes).await? {
            Ok(Reply::Texts(keys)) => Ok(Ok(keys)),
            Ok(reply) => Err(self.mismatch("kv.keys", &reply)),
            Err(error) => Ok(Err(error_to_guest(error))),
        }
    }
}
