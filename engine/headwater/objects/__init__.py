"""Large objects by the sha256 of their bytes, in a folder or any S3 store.

The only package that speaks S3. Knows nothing of the graph. `BucketStore` is in
`headwater.objects.bucket`, apart, since the SDK behind it is slow to import.
"""

from headwater.objects.contract import ObjectStore, StoredObject
from headwater.objects.digest import digest_uri, parse_digest
from headwater.objects.directory import DirectoryStore
from headwater.objects.location import ObjectPlace, open_object_store
from headwater.objects.patient import PatientStore
from headwater.objects.payload import Payload

__all__ = [
    "DirectoryStore",
    "ObjectPlace",
    "ObjectStore",
    "PatientStore",
    "Payload",
    "StoredObject",
    "digest_uri",
    "open_object_store",
    "parse_digest",
]
