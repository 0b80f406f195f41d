# Says who the app is, what has been made for it, what it writes and whether it can change itself.
class PagesController < ApplicationController
  PLACES = ["log/production.log", "storage/production.sqlite3", "tmp/cache/**/*", ENV.fetch("PIDFILE")]

  def index
    Rails.cache.write("visited", "yes")
    ActiveRecord::Base.connection.execute("CREATE TABLE IF NOT EXISTS visits (id INTEGER)")
    @written = PLACES.count { |place| written?(place) }
    @style = Rails.public_path.join(helpers.asset_path("application.css").delete_prefix("/"))
    @code = changes_code? ? "changed" : "kept"
    render formats: :text
  end

  private

  # What the image brought is of another time.
  def written?(place)
    Dir.glob(place, base: Rails.root).any? { |path| File.mtime(File.expand_path(path, Rails.root)).after?(1.day.ago) }
  end

  def changes_code?
    File.write(Rails.root.join("config/routes.rb"), "")
    true
  rescue SystemCallError
    false
  end
end
