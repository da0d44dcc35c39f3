"""pytest plugin: under the name `ml_metadata` there is `headwater.mlmd`, for tests written for the former."""

import sys

import headwater.mlmd
from headwater.mlmd import errors, proto
from headwater.mlmd.metadata_store import metadata_store, mlmd_types

sys.modules["ml_metadata"] = headwater.mlmd
sys.modules["ml_metadata.errors"] = errors
sys.modules["ml_metadata.proto"] = proto
sys.modules["ml_metadata.proto.metadata_store_pb2"] = proto.metadata_store_pb2
sys.modules["ml_metadata.proto.metadata_store_service_pb2"] = proto.metadata_store_service_pb2
sys.modules["ml_metadata.metadata_store"] = headwater.mlmd.metadata_store
sys.modules["ml_metadata.metadata_store.metadata_store"] = metadata_store
sys.modules["ml_metadata.metadata_store.mlmd_types"] = mlmd_types
