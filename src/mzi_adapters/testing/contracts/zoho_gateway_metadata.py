"""What the organisation says of itself."""

from mzi_adapters.testing.contracts.zoho_gateway_remote import GRADER, GRADES, KEY, NUMBER, ROWS, Remote


class MetadataPromises:
    """The organisation says what it is made of."""

    async def test_the_modules_are_listed(self, remote: Remote) -> None:
        """By the names they are called by."""
        modules = {module.api_name: module for module in await remote.gateway.modules()}
        assert modules[GRADES].api_supported
        assert modules[GRADES].label

    async def test_the_fields_of_a_module_are_described(self, remote: Remote) -> None:
        """With what a declaration must be compared to."""
        fields = {field.api_name: field for field in await remote.gateway.fields(GRADES)}
        assert fields[KEY].unique
        assert not fields[GRADER].unique
        assert fields[ROWS].data_type == "subform"
        assert fields["Student"].data_type == "lookup"
        assert fields["Student"].lookup == "BTEC_Students"

    async def test_the_organisation_says_who_it_is(self, remote: Remote) -> None:
        """Its edition decides how much it may be asked."""
        organization = await remote.gateway.organization()
        assert organization.id
        assert organization.name
        assert organization.edition

    async def test_the_number_is_another_unique_field(self, remote: Remote) -> None:
        """The cases of a value that is taken need two of them."""
        fields = {field.api_name: field for field in await remote.gateway.fields(GRADES)}
        assert fields[NUMBER].unique
