// A provider whose cloud is a directory: one JSON file per record. Tests change the files behind its back, and
// attributes of a record make it fail, wait or crash on demand.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type store struct{}

func (store) Metadata(_ context.Context, _ provider.MetadataRequest, r *provider.MetadataResponse) {
	r.TypeName = "filestore"
}
func (store) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (store) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (store) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (store) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return record{} }}
}

type record struct{}

type model struct {
	Id     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Delay  types.Int64  `tfsdk:"delay"`
	Label  types.String `tfsdk:"label"`
	Secret types.String `tfsdk:"secret"`
	Tags   types.Map    `tfsdk:"tags"`
	Zones  types.Set    `tfsdk:"zones"`
	Fail   types.String `tfsdk:"fail"`
	Wait   types.String `tfsdk:"wait"`
	Arn    types.String `tfsdk:"arn"`
	Token  types.String `tfsdk:"token"`
}

// What a file holds.
type stored struct {
	Name   *string           `json:"name,omitempty"`
	Delay  *int64            `json:"delay,omitempty"`
	Label  *string           `json:"label,omitempty"`
	Secret *string           `json:"secret,omitempty"`
	Tags   map[string]string `json:"tags,omitempty"`
	Zones  []string          `json:"zones,omitempty"`
}

func (record) Metadata(_ context.Context, _ resource.MetadataRequest, r *resource.MetadataResponse) {
	r.TypeName = "filestore_record"
}

func (record) Schema(_ context.Context, _ resource.SchemaRequest, r *resource.SchemaResponse) {
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	r.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":     schema.StringAttribute{Computed: true, PlanModifiers: kept},
		"name":   schema.StringAttribute{Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		"delay":  schema.Int64Attribute{Optional: true},
		"label":  schema.StringAttribute{Optional: true},
		"secret": schema.StringAttribute{Optional: true, Sensitive: true},
		"tags":   schema.MapAttribute{Optional: true, ElementType: types.StringType},
		"zones":  schema.SetAttribute{Optional: true, ElementType: types.StringType},
		"fail":   schema.StringAttribute{Optional: true, Description: "create, update or delete fails; `crash` ends the provider"},
		"wait":   schema.StringAttribute{Optional: true, Description: "create waits, its record made, until this file exists"},
		"arn":    schema.StringAttribute{Computed: true, PlanModifiers: kept},
		"token":  schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: kept},
	}}
}

func file(id string) string { return filepath.Join(os.Getenv("FILESTORE_DIR"), id+".json") }

func write(ctx context.Context, m *model, diags *diag.Diagnostics) {
	held := stored{Name: m.Name.ValueStringPointer(), Delay: m.Delay.ValueInt64Pointer(), Label: m.Label.ValueStringPointer(), Secret: m.Secret.ValueStringPointer()}
	diags.Append(m.Tags.ElementsAs(ctx, &held.Tags, false)...)
	diags.Append(m.Zones.ElementsAs(ctx, &held.Zones, false)...)
	body, _ := json.Marshal(held)
	// In one step: who looks meanwhile sees the old record or the new one.
	part := file(m.Id.ValueString()) + ".part"
	err := os.WriteFile(part, body, 0o600)
	if err == nil {
		err = os.Rename(part, file(m.Id.ValueString()))
	}
	if err != nil {
		diags.AddError("the store cannot be written", err.Error())
	}
	m.Arn = types.StringValue("file:" + m.Id.ValueString())
	m.Token = types.StringValue("token-of-" + m.Id.ValueString())
}

func (record) Create(ctx context.Context, q resource.CreateRequest, r *resource.CreateResponse) {
	var m model
	r.Diagnostics.Append(q.Plan.Get(ctx, &m)...)
	switch m.Fail.ValueString() {
	case "create":
		r.Diagnostics.AddAttributeError(path.Root("fail"), "the store refuses this record", "it was asked to: "+m.Secret.ValueString())
		return
	case "crash":
		panic("the provider crashes")
	}
	random := make([]byte, 6)
	rand.Read(random)
	m.Id = types.StringValue("r" + hex.EncodeToString(random))
	write(ctx, &m, &r.Diagnostics)
	for gate := m.Wait.ValueString(); gate != ""; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(gate); err == nil {
			break
		}
	}
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (record) Read(ctx context.Context, q resource.ReadRequest, r *resource.ReadResponse) {
	var m model
	r.Diagnostics.Append(q.State.Get(ctx, &m)...)
	body, err := os.ReadFile(file(m.Id.ValueString()))
	if os.IsNotExist(err) {
		r.State.RemoveResource(ctx)
		return
	}
	var held stored
	if err != nil || json.Unmarshal(body, &held) != nil {
		r.Diagnostics.AddError("the store cannot be read", string(body))
		return
	}
	m.Name, m.Delay = types.StringPointerValue(held.Name), types.Int64PointerValue(held.Delay)
	m.Label, m.Secret = types.StringPointerValue(held.Label), types.StringPointerValue(held.Secret)
	if held.Tags != nil || !m.Tags.IsNull() {
		m.Tags, _ = types.MapValueFrom(ctx, types.StringType, held.Tags)
	}
	if held.Zones != nil || !m.Zones.IsNull() {
		m.Zones, _ = types.SetValueFrom(ctx, types.StringType, held.Zones)
	}
	m.Arn = types.StringValue("file:" + m.Id.ValueString())
	m.Token = types.StringValue("token-of-" + m.Id.ValueString())
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (record) Update(ctx context.Context, q resource.UpdateRequest, r *resource.UpdateResponse) {
	var m model
	r.Diagnostics.Append(q.Plan.Get(ctx, &m)...)
	if m.Fail.ValueString() == "update" {
		r.Diagnostics.AddError("the store refuses this change", "it was asked to")
		return
	}
	write(ctx, &m, &r.Diagnostics)
	r.Diagnostics.Append(r.State.Set(ctx, &m)...)
}

func (record) Delete(ctx context.Context, q resource.DeleteRequest, r *resource.DeleteResponse) {
	var m model
	r.Diagnostics.Append(q.State.Get(ctx, &m)...)
	if m.Fail.ValueString() == "delete" {
		r.Diagnostics.AddError("the store refuses to delete this record", "it was asked to")
		return
	}
	if err := os.Remove(file(m.Id.ValueString())); err != nil && !os.IsNotExist(err) {
		r.Diagnostics.AddError("the record cannot be deleted", err.Error())
	}
}

func (record) ImportState(ctx context.Context, q resource.ImportStateRequest, r *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), q, r)
}

func main() {
	options := providerserver.ServeOpts{Address: "registry.opentofu.org/deployforge/filestore"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return store{} }, options); err != nil {
		os.Exit(1)
	}
}
