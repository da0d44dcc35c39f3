"""What of a command line and of an address is shown, and what is not."""

import pytest

from headwater.masking import masked_command, masked_url


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--token", "x", "y"], "--token '***' y"),
        (["--token", "--verbose"], "--token --verbose"),
        (["--token=x"], "'--token=***'"),
        (["DB_PASSWORD=x"], "'DB_PASSWORD=***'"),
        (["--url=s3://a:b@c"], "'--url=s3://a:***@c'"),
        (["--aws-secret-access-key", "x"], "--aws-secret-access-key '***'"),
        (["--tokenizer", "bert", "--author", "me"], "--tokenizer bert --author me"),
        (["--rate=0.1", "a b"], "--rate=0.1 'a b'"),
    ],
)
def test_values_of_secret_options_are_masked(arguments: list[str], shown: str) -> None:
    assert masked_command(arguments) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///numbers.db", "sqlite:///numbers.db"),
        ("https://host/a?b=1#c", "https://host/a?b=1#c"),
        ("https://me@host/a", "https://me@host/a"),
        ("https://me:p@ss@host/a@b", "https://me:***@host/a@b"),
        ("https://:x@host", "https://:***@host"),
        ("s3://b/k?X-Amz-Signature=x&v=1", "s3://b/k?X-Amz-Signature=***&v=1"),
        ("https://b/k?sv=1&sig=x", "https://b/k?sv=1&sig=***"),
        ("http://[half", "http://[half"),
    ],
)
def test_passwords_and_secret_parameters_of_urls_are_masked(url: str, shown: str) -> None:
    assert masked_url(url) == shown
