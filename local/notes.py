"""What a start leaves for the next one, in the emulator itself: kept and lost with its state."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

PREFIX = "/heimdall-local/"


class Notes:
    """Short texts in SSM parameters."""

    def __init__(self, ssm: "SSMClient") -> None:
        self._ssm = ssm

    def says(self, name: str, text: str) -> bool:
        """Whether the note of this name is there and says just this."""
        try:
            found = self._ssm.get_parameter(Name=f"{PREFIX}{name}")
        except self._ssm.exceptions.ParameterNotFound:
            return False
        return found["Parameter"].get("Value") == text

    def write(self, name: str, text: str) -> None:
        """Write a note over the one of the same name."""
        self._ssm.put_parameter(Name=f"{PREFIX}{name}", Value=text, Type="String", Overwrite=True)
