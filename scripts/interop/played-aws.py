"""AWS as moto plays it: IAM, CloudFormation and the rest, with the one action that our commands need and moto lacks."""

import sys

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse
from moto.server import main


def add_client_id_to_open_id_connect_provider(self):
    """Adding what is there is no error. IAM API reference, "AddClientIDToOpenIDConnectProvider"."""
    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    client_id = self._get_param("ClientID")
    if client_id not in provider.client_id_list:
        provider.client_id_list.append(client_id)
    return EmptyResult()


IamResponse.add_client_id_to_open_id_connect_provider = add_client_id_to_open_id_connect_provider
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
