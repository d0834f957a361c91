"""Instances, which ministack's CloudFormation does not make: read and put right on moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.references import substitute
from deployforge_mcal.domain.units import Became, Presence, Target
from moto.server import ThreadedMotoServer

ROOT = {"accessKeyId": "test", "secretAccessKey": "test", "roleArn": "arn:aws:iam::123456789012:role/deployforge"}


class Machines:
    """Two instances, made by EC2's own API of what their template says."""

    def __init__(self, world: Any, client: Any) -> None:
        self.world, self.client = world, client
        ec2 = client("ec2")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        network = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="web", Description="web", VpcId=network)["GroupId"]
        common = {"image": image, "subnet": subnet, "securityGroups": [group]}
        world.unit = world.compile(
            world.resource("web", "Compute", {
                **common, "size": "small", "startup": "#!/bin/sh\necho $${HOME}", "deletionProtection": False,
                "tags": {"env": "t"},
            }),
            world.resource("batch", "Compute", {**common, "size": "m5.xlarge"}),
        )  # fmt: skip
        self.targets = {
            r.name: Target(r.urn, r.type, self._made(r.logical_id), substitute(dict(r.desired), {}))
            for r in world.unit.resources
        }

    def _made(self, logical_id: str) -> str:
        said = dict(self.world.unit.template["Resources"][logical_id]["Properties"])
        tags = [{"ResourceType": "instance", "Tags": said.pop("Tags")}]
        script = said.pop("UserData", {"Fn::Base64": ""})["Fn::Base64"]
        [made] = self.client("ec2").run_instances(MinCount=1, MaxCount=1, TagSpecifications=tags, UserData=script, **said)[
            "Instances"
        ]
        return str(made["InstanceId"])

    def differences(self, name: str) -> list[str]:
        target = self.targets[name]
        [seen] = self.world.observe([target])
        assert seen.presence is Presence.PRESENT, seen
        sets = next(r.set_paths for r in self.world.unit.resources if r.name == name)
        return differing(target.desired, seen.properties, sets)


@pytest.fixture(scope="module")
def machines(make_world: Any) -> Iterator[Machines]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"

    def client(service: str) -> Any:
        make: Any = boto3.client
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return make(service, endpoint_url=endpoint, region_name="eu-west-1", **keys)

    yield Machines(make_world(endpoint, ROOT), client)
    server.stop()


@pytest.mark.parametrize("name", ["web", "batch"])
def test_an_instance_is_as_declared(machines: Machines, name: str) -> None:
    assert machines.differences(name) == []


def test_its_address_is_told(machines: Machines) -> None:
    [seen] = machines.world.observe([machines.targets["web"]])
    assert seen.attributes["privateIp"].startswith("10.20.1.")
    assert seen.attributes["address"].endswith(f":instance/{seen.physical_id}")


def test_what_was_changed_by_hand_is_seen_and_put_back(machines: Machines) -> None:
    target = machines.targets["web"]
    ec2 = machines.client("ec2")
    ec2.stop_instances(InstanceIds=[target.physical_id])
    ec2.modify_instance_attribute(InstanceId=target.physical_id, InstanceType={"Value": "m5.large"})
    ec2.modify_instance_attribute(InstanceId=target.physical_id, DisableApiTermination={"Value": True})
    ec2.create_tags(Resources=[target.physical_id], Tags=[{"Key": "env", "Value": "x"}])
    assert machines.differences("web") == ["deletionProtection", "size", "tags.env"]
    work = machines.world.work(unit=machines.world.unit, targets=(target,))
    [outcome] = machines.world.run("correct", work)
    assert outcome.status is Became.CORRECTED
    assert machines.differences("web") == []
    [reservation] = ec2.describe_instances(InstanceIds=[target.physical_id])["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "running"


def test_one_that_was_terminated_is_missing(machines: Machines) -> None:
    target = machines.targets["batch"]
    machines.client("ec2").terminate_instances(InstanceIds=[target.physical_id])
    assert machines.world.observe([target])[0].presence is Presence.MISSING
