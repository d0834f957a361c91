"""What several adapters say of the same types, as one."""

from deployforge_mcal.domain.catalogue import PropertyDoc, TypeDoc, merged


def doc(provider: str, *names: str, type: str = "Queue", level: str = "partial") -> TypeDoc:
    properties = tuple(PropertyDoc(n, "string", f"what {n} is", native={provider: n.title()}) for n in names)
    return TypeDoc(type, "a queue", properties, ("id", provider), {provider: level}, {provider: f"{provider}/queue"})


def test_support_is_told_of_every_installed_provider_and_of_no_other() -> None:
    [queue] = merged({"aws": [doc("aws", "delay", level="full")], "azure": [doc("azure", "delay")], "terraform": []})
    assert queue.support == {"aws": "full", "azure": "partial", "terraform": "none"}
    assert queue.native_types == {"aws": "aws/queue", "azure": "azure/queue"}
    assert queue.attributes == ("id", "aws", "azure")


def test_a_property_is_told_with_those_who_have_it_by_the_model() -> None:
    [queue] = merged({"aws": [doc("aws", "delay", "encrypted")], "azure": [doc("azure", "delay", "encrypted")]})
    delay, encrypted = queue.properties
    assert (delay.providers, delay.native) == (("aws",), {"aws": "Delay"})
    assert encrypted.providers == ("aws", "azure")
    assert encrypted.notes == {"azure": "always true"}


def test_a_provider_that_the_model_does_not_know_speaks_for_itself() -> None:
    [queue] = merged({"elsewhere": [doc("elsewhere", "delay")]})
    assert queue.properties[0].providers == ("elsewhere",)
    [own] = merged({"elsewhere": [doc("elsewhere", "colour", type="Paint")]})
    assert (own.type, own.properties[0].providers) == ("Paint", ("elsewhere",))


def test_types_stand_in_the_order_of_the_model_and_others_behind_them() -> None:
    said = [doc("aws", type=name) for name in ("Paint", "Topic", "Network")]
    assert [t.type for t in merged({"aws": said})] == ["Network", "Topic", "Paint"]
